import { decodeImage } from '../image/decode-image.js';
import { lanczos, resample } from '../image/resample.js';
import { toLatentMask, toVaeInput } from '../image/vae-input.js';
import type { RgbImage } from '../image/pixels.js';
import { addNoise } from '../scheduler/add-noise.js';
import { Tensor } from '../tensor/tensor.js';
import type { CheckpointComponents } from './components.js';
import { drawsOf } from './draws.js';
import type { EncodedInput } from './image-source.js';
import { finite } from './non-finite-output.js';
import type { PipelineRequest } from './pipeline-request.js';

/** The part of an image that inpainting keeps. */
export interface KeptRegion {
  /** [height, width] in latents; 1 where the image is made anew. */
  mask: Tensor;
  /** The source image, without noise, and the noise it is given at each level: [channels, height, width]. */
  latents: Tensor;
  noise: Tensor;
}

export interface InitialLatents {
  /** [channels, height, width] at the first noise level. */
  latents: Tensor;
  kept: KeptRegion | null;
}

/**
 * What the first step starts from: noise, or the source image with noise of level `sigma`.
 * Source: prepare_latents of diffusers' ZImagePipeline, ZImageImg2ImgPipeline and ZImageInpaintPipeline.
 * @throws InputImageError naming `image` or `mask`; NonFiniteOutput
 */
export async function initialLatents(
  request: PipelineRequest,
  sigma: number,
  { latentChannels, vaeScale, imageEncoder }: CheckpointComponents,
): Promise<InitialLatents> {
  const { source, width, height } = request;
  const dims = [latentChannels, height / vaeScale, width / vaeScale];
  const { posterior, noise } = drawsOf(request, dims);
  if (!posterior || !source || source.kind === 'edit') return { latents: noise, kept: null };

  const image = await decodeToSize(source.image, 'image', request);
  const mask = source.kind === 'inpaint' ? await decodeToSize(source.mask, 'mask', request) : null;
  const { mean, deviation } = await imageEncoder.encode(toVaeInput(image));
  const sample = mean.data.map((value, i) => value + (deviation.data[i] ?? 0) * (posterior.data[i] ?? 0));
  const clean = finite(new Tensor(sample, dims), 'vae');
  return {
    latents: new Tensor(addNoise(clean.data, noise.data, sigma), dims),
    kept: mask && { mask: toLatentMask(mask, vaeScale), latents: clean, noise },
  };
}

async function decodeToSize(
  file: EncodedInput,
  name: string,
  { width, height }: { width: number; height: number },
): Promise<RgbImage> {
  return resample(await decodeImage(file, name), width, height, lanczos);
}
