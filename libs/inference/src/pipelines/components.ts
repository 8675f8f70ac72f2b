import type { RgbImage } from '../image/pixels.js';
import type { Tensor } from '../tensor/tensor.js';

/** A caption as the transformer takes it: embedded, padded to its own multiple of 32 with the learned token, refined. */
export interface Caption {
  /** [paddedLength, dim] */
  tokens: Tensor;
  length: number;
  paddedLength: number;
}

export interface TextEncoder {
  /** hidden_states[-2] of one sequence, no padding: [length, hidden] */
  encode(tokenIds: readonly number[]): Promise<Tensor>;
}

/** A reference image as the vision encoder sees it. */
export interface VisionFeatures {
  /** Of every patch, row by row, with those of padding at the end: [maxPatches, width] */
  hidden: Tensor;
  /** Patches of the image itself, down and across. */
  rows: number;
  columns: number;
}

export interface VisionEncoder {
  encode(image: RgbImage): Promise<VisionFeatures>;
}

/** What one sample brings to a transformer call. */
export interface DenoiserSample {
  /** [C, h, w] */
  latents: Tensor;
  caption: Caption;
  /** Its step's row of `modulations`: [width] */
  modulation: Tensor;
}

export interface Denoiser {
  /** Once per prompt; embeds: [length, hidden] of the text encoder. */
  caption(embeds: Tensor): Promise<Caption>;
  /** Once per request, for all its steps: [steps, width]. t = 1 − sigma, as in the pipeline. */
  modulations(timesteps: readonly number[]): Promise<Tensor>;
  /**
   * One transformer call for samples of equal layout (same latent dims, same paddedLength). Returns the transformer's own
   * output, x0 − noise, per sample: [C, h, w]. No sample's result depends on its neighbours.
   */
  velocity(samples: readonly DenoiserSample[]): Promise<Tensor[]>;
}

/** An image as a Gaussian over latents: mean + deviation · noise is a sample, the mean alone its mode. Both [C, h, w]. */
export interface LatentDistribution {
  mean: Tensor;
  deviation: Tensor;
}

export interface ImageEncoder {
  /** RGB [3, H, W] in [−1, 1], sides multiples of `vaeScale` → its latents as the loop takes them (shift and scale applied) */
  encode(image: Tensor): Promise<LatentDistribution>;
}

export interface ImageDecoder {
  /** latents [C, h, w] as the loop leaves them (shift and scale not yet undone) → RGB [3, H, W] in [-1, 1], unclamped */
  decode(latents: Tensor): Promise<Tensor>;
}

/** The networks of one open checkpoint, and the numbers the pipelines need of their configs. */
export interface CheckpointComponents {
  textEncoder: TextEncoder;
  denoiser: Denoiser;
  imageEncoder: ImageEncoder;
  imageDecoder: ImageDecoder;
  latentChannels: number;
  /** Pixels per latent row and column. */
  vaeScale: number;
  /** Latent rows and columns per token. */
  patchSize: number;
  close(): Promise<void>;
}
