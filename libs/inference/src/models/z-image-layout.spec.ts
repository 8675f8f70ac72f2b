import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import { patchify, unpatchify } from './patches.js';
import { captionPositions, imagePositions, paddedLength } from './z-image-layout.js';

describe('the token layout', () => {
  it('pads to multiples of 32', () => {
    expect([1, 32, 33, 240].map(paddedLength)).toEqual([32, 32, 64, 256]);
  });

  it('puts captions behind the origin, images behind the padded caption and image pads at the origin', () => {
    expect(captionPositions(3)).toEqual([
      [1, 0, 0],
      [2, 0, 0],
      [3, 0, 0],
    ]);
    const positions = imagePositions(3, 5, 64);
    expect(positions).toHaveLength(32);
    expect(positions[7]).toEqual([65, 1, 2]);
    expect(positions[14]).toEqual([65, 2, 4]);
    expect(positions.slice(15)).toEqual(new Array(17).fill([0, 0, 0]));
  });
});

describe('patches', () => {
  it('hold row, column, channel of one square and come back as they were', () => {
    const latents = new Tensor(
      Float32Array.from({ length: 2 * 4 * 6 }, (_, i) => i),
      [2, 4, 6],
    );
    const patches = patchify(latents, 2);
    expect(patches.dims).toEqual([6, 8]);
    // The second patch of the first row: columns 2 and 3 of rows 0 and 1, both channels of a pixel together.
    expect([...patches.row(1).data]).toEqual([2, 26, 3, 27, 8, 32, 9, 33]);
    expect(unpatchify(patches, latents.dims, 2)).toEqual(latents);
  });
});
