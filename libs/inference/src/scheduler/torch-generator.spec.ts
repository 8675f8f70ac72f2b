import { describe, expect, it } from '@jest/globals';
import { difference, goldenCase, textToImageCases } from '../../../../test/support/golden.js';
import { TorchGenerator } from './torch-generator.js';

const torchRandn = (count: number, seed: number | bigint) => new TorchGenerator(seed).randn(count);
const start = (values: Float32Array, count: number): number[] => Array.from(values.subarray(0, count));

// Expected values: torch.randn(count, generator=torch.Generator('cpu').manual_seed(seed)).
describe('TorchGenerator', () => {
  it.each(textToImageCases)('draws the initial latents of %s', (name) => {
    const golden = goldenCase(name);
    const expected = golden.tensor('initial_latents').data;
    expect(difference(torchRandn(expected.length, golden.request.seed), expected).max).toBeLessThan(5e-6);
  });

  it('takes the scalar path below 16 values', () => {
    const expected = [-0.1467951, 0.7861413, 0.9468216, -1.114344, 1.69079];
    start(torchRandn(15, 7), 5).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect(torchRandn(1, 0)[0]).toBeCloseTo(1.540996, 5);
  });

  it('redraws the last 16 values when the count is not a multiple of 16', () => {
    const expected = [
      -0.07664429, 0.3598815, -0.7820168, 0.07152773, 1.046023, 0.522187, -0.1668092, 0.0530334, 0.4046071, 0.6112996,
      0.7603904, -0.03364326, 0.9979224, 0.4591804, 2.436397, -0.1468082, 0.485114, 0.2052344, 0.3384282, 1.352754,
    ];
    torchRandn(20, 3).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it('seeds with the low 32 bits, negative seeds as two’s complement', () => {
    expect(torchRandn(33, 2 ** 40 + 5)[0]).toBeCloseTo(1.84233, 5);
    expect(torchRandn(16, -1)[0]).toBeCloseTo(-2.664298, 5);
    expect(torchRandn(17, Number.MAX_SAFE_INTEGER)[1]).toBeCloseTo(-0.8765852, 5);
    expect(torchRandn(16, 2n ** 64n - 1n)).toEqual(torchRandn(16, -1));
  });

  it('goes on where the last draw ended, with the second value of a pair kept for the next single one', () => {
    const generator = new TorchGenerator(5);
    const drawn = [3, 20, 2, 32].map((count) => Array.from(generator.randn(count).subarray(0, 2)));
    const expected = [-0.486781, -0.603822, 0.258252, -1.883326, 0.667524, 0.901449, 0.816792, 0.409642];
    drawn.flat().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });
});
