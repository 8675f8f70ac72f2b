import { describe, expect, it } from '@jest/globals';
import { toLatentMask, toVaeInput } from './vae-input.js';

describe('toVaeInput', () => {
  it('puts channels first and maps 0–255 to [−1, 1]', () => {
    const tensor = toVaeInput({ width: 2, height: 1, pixels: Uint8Array.of(0, 51, 255, 255, 102, 0) });
    expect(tensor.dims).toEqual([3, 1, 2]);
    [-1, 1, -0.6, -0.2, 1, -1].forEach((value, i) => expect(tensor.data[i]).toBeCloseTo(value, 6));
  });
});

describe('toLatentMask', () => {
  const mask = (...colours: [number, number, number][]) =>
    Array.from(toLatentMask({ width: colours.length, height: 1, pixels: Uint8Array.from(colours.flat()) }, 1).data);

  it('is 1 from grey level 128 on, by Pillow’s weights of the colours', () => {
    expect(mask([127, 127, 127], [128, 128, 128], [255, 255, 255], [0, 0, 0])).toEqual([0, 1, 1, 0]);
    expect(mask([255, 0, 0], [0, 255, 0], [0, 0, 255], [100, 200, 30])).toEqual([0, 1, 0, 1]); // 76, 150, 29, 151
  });

  it('takes the upper left pixel of each square', () => {
    const pixels = new Uint8Array(4 * 4 * 3);
    for (const at of [0, 2 * 4 + 2, 1 * 4 + 3]) pixels.fill(255, at * 3, at * 3 + 3);
    const { data, dims } = toLatentMask({ width: 4, height: 4, pixels }, 2);
    expect({ dims, data: Array.from(data) }).toEqual({ dims: [2, 2], data: [1, 0, 0, 1] });
  });
});
