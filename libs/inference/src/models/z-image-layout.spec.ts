import { describe, expect, it } from '@jest/globals';
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
