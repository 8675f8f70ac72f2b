import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import { afterStep, foreseenLatents, samplesOf, type Denoising } from './denoising.js';

const caption = (length: number) => ({
  tokens: Tensor.filled([32, 2], length),
  length,
  paddedLength: 32,
  layout: `${length}`,
});
const start: Denoising = {
  latents: Tensor.filled([1, 1, 2], 1),
  step: 0,
  schedule: {
    sigmas: Float32Array.of(1, 0.5, 0),
    timesteps: Float32Array.of(1000, 500),
    times: Float32Array.of(0, 0.5),
  },
  modulations: new Tensor(Float32Array.of(10, 11, 20, 21), [2, 2]),
  positive: caption(3),
  negative: null,
  guidance: { scale: 0, normalization: 0, truncation: 1 },
  kept: null,
  prediction: null,
};
const velocity = (value: number): Tensor => Tensor.filled([1, 1, 2], value);

describe('a denoising state', () => {
  it('asks for one sample a step without guidance, with that step’s modulation, and for none at the end', () => {
    const [sample, ...others] = samplesOf(start);
    expect(others).toEqual([]);
    expect(sample).toMatchObject({ latents: start.latents, caption: start.positive });
    expect(Array.from(sample!.modulation.data)).toEqual([10, 11]);
    const second = afterStep(start, [velocity(2)]);
    expect(Array.from(samplesOf(second)[0]!.modulation.data)).toEqual([20, 21]);
    expect(samplesOf(afterStep(second, [velocity(2)]))).toEqual([]);
  });

  it('moves the latents by the prediction times the fall of sigma, and leaves the earlier state alone', () => {
    const next = afterStep(start, [velocity(2)]);
    expect(next).toMatchObject({ step: 1, latents: velocity(2) });
    expect(start).toMatchObject({ step: 0, latents: velocity(1) });
  });

  it('foresees where the last prediction ends, wherever between the steps it is asked', () => {
    const x0 = velocity(1 + 1 * 2);
    const next = afterStep(start, [velocity(2)]);
    expect(foreseenLatents(next)).toEqual(x0);
    expect(foreseenLatents(afterStep(next, [velocity(2)]))).toEqual(x0);
  });

  it('asks for a guidance pair, until the truncation', () => {
    const guided = { ...start, negative: caption(1), guidance: { scale: 1, normalization: 0, truncation: 0.4 } };
    expect(samplesOf(guided).map((sample) => sample.caption.layout)).toEqual(['3', '1']);
    const next = afterStep(guided, [velocity(2), velocity(1)]);
    expect(next.latents).toEqual(velocity(2.5)); // 1 + 0.5 · (2 + 1 · (2 − 1))
    expect(samplesOf(next).map((sample) => sample.caption.layout)).toEqual(['3']);
  });

  it('keeps the source image at the next noise level outside the mask', () => {
    const kept = {
      mask: new Tensor(Float32Array.of(1, 0), [1, 2]),
      latents: Tensor.filled([1, 1, 2], 8),
      noise: Tensor.filled([1, 1, 2], 4),
    };
    const next = afterStep({ ...start, kept }, [velocity(2)]);
    expect(Array.from(next.latents.data)).toEqual([2, 6]); // 0.5 · 4 + 0.5 · 8
    expect(Array.from(afterStep(next, [velocity(2)]).latents.data)).toEqual([3, 8]); // no noise is left
  });
});
