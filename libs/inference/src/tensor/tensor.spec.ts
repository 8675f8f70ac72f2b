import { describe, expect, it } from '@jest/globals';
import { Tensor } from './tensor.js';

const tensor = (values: number[], dims: number[]) => new Tensor(Float32Array.from(values), dims);

describe('Tensor', () => {
  it('refuses data that does not fill its dims', () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow('3 values do not fill a tensor of [2, 2]');
  });

  it('slices rows without copying', () => {
    const whole = tensor([1, 2, 3, 4, 5, 6], [3, 2]);
    const rows = whole.slice(1, 3);
    expect(rows.dims).toEqual([2, 2]);
    expect([...rows.data]).toEqual([3, 4, 5, 6]);
    expect(rows.data.buffer).toBe(whole.data.buffer);
    expect(() => whole.slice(2, 4)).toThrow(RangeError);
  });

  it('concatenates along the first axis and stacks along a new one', () => {
    const parts = [tensor([1, 2], [1, 2]), tensor([3, 4, 5, 6], [2, 2])];
    expect(Tensor.concat(parts)).toEqual(tensor([1, 2, 3, 4, 5, 6], [3, 2]));
    expect(Tensor.stack([tensor([1, 2], [2]), tensor([3, 4], [2])])).toEqual(tensor([1, 2, 3, 4], [2, 2]));
    const [alone] = parts;
    expect(Tensor.stack([alone!]).data).toBe(alone!.data);
    expect(() => Tensor.concat([tensor([1, 2], [1, 2]), tensor([1], [1, 1])])).toThrow('cannot concatenate');
  });
});
