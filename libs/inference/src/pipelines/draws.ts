import { TorchGenerator } from '../scheduler/torch-generator.js';
import { sizeOf, Tensor } from '../tensor/tensor.js';
import type { PipelineRequest } from './pipeline-request.js';

/** What a request draws from its seeded generator, in this order; each [channels, height, width]. */
export interface Draws {
  /** For the sample of the source image's posterior, which all images of a generator share. */
  posterior: Tensor | null;
  /** This image's noise. */
  noise: Tensor;
  /** For the posterior of the image without its masked part. diffusers draws it; nothing depends on it. */
  maskedPosterior: Tensor | null;
}

export function drawsOf({ source, noise }: PipelineRequest, dims: readonly number[]): Draws {
  const generator = new TorchGenerator(noise.seed);
  const draw = (count: number) => new Tensor(generator.randn(count * sizeOf(dims)), [count, ...dims]);
  const encodes = source?.kind === 'image-to-image' || source?.kind === 'inpaint';
  return {
    posterior: encodes ? draw(1).row(0) : null,
    noise: draw(noise.count).row(noise.index),
    maskedPosterior: source?.kind === 'inpaint' ? draw(1).row(0) : null,
  };
}
