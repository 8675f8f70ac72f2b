import type { RgbImage } from '../image/pixels.js';
import type { Grid } from '../models/z-image-omni-layout.js';
import type { Tensor } from '../tensor/tensor.js';

/** A caption as the transformer takes it: embedded, padded to its own multiple of 32 with the learned token, refined. */
export interface Caption {
  /** [paddedLength, dim] */
  tokens: Tensor;
  length: number;
  paddedLength: number;
  /** Samples whose captions have equal layouts, and whose latents are of one size, may share a call. */
  layout: string;
}

/** What an edit attends to beside the image it makes: the parts of its prompt and its reference images, refined. */
export interface EditCondition {
  /** The caption parts' tokens, then the vision encoder's: [length, dim] */
  tokens: Tensor;
  /** The reference images' latents, embedded and padded; they are refined in each step: [referenceLength, dim] */
  references: Tensor;
  /** As a caption's. */
  layout: string;
  shape: EditShape;
}

/** What the positions of an edit's tokens follow from. */
export interface EditShape {
  partLengths: readonly number[];
  /** In tokens of the latents, and in patches of the vision encoder. */
  references: readonly { image: Grid; vision: Grid }[];
}

/** A reference image, encoded for an edit. */
export interface EncodedReference {
  /** The mode of its latents: [C, h, w] */
  latents: Tensor;
  vision: VisionFeatures;
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
  /** The most patches that it makes of an image. */
  readonly maxPatches: number;
  encode(image: RgbImage): Promise<VisionFeatures>;
}

/** What a step attends to beside the latents. */
export type Condition = Caption | EditCondition;

/** What one sample brings to a transformer call. */
export interface DenoiserSample {
  /** [C, h, w] */
  latents: Tensor;
  caption: Condition;
  /** Its step's row of `modulations`: [width] */
  modulation: Tensor;
}

export interface Denoiser {
  /** Once per prompt; embeds: [length, hidden] of the text encoder. */
  caption(embeds: Tensor): Promise<Caption>;
  /** Once per request, for all its steps: [steps, width]. t = 1 − sigma, as in the pipeline. */
  modulations(timesteps: readonly number[]): Promise<Tensor>;
  /**
   * One transformer call for samples of equal layout (same latent dims, captions of one layout). Returns the transformer's own
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
  /** Images of one size that share a call when they are asked for at once. */
  readonly imagesPerCall: number;
  /** latents [C, h, w] as the loop leaves them (shift and scale not yet undone) → RGB [3, H, W] in [-1, 1], unclamped */
  decode(latents: Tensor): Promise<Tensor>;
}

/** What a checkpoint that edits images has beside. */
export interface EditComponents {
  vision: VisionEncoder;
  /** Once per prompt; parts: the text encoder's outputs, [length, hidden] each. */
  condition(parts: readonly Tensor[], references: readonly EncodedReference[]): Promise<EditCondition>;
}

/** The networks of one open checkpoint, and the numbers the pipelines need of their configs. */
export interface CheckpointComponents {
  textEncoder: TextEncoder;
  denoiser: Denoiser;
  imageEncoder: ImageEncoder;
  imageDecoder: ImageDecoder;
  /** null: the checkpoint has no vision encoder and edits nothing. */
  edit: EditComponents | null;
  latentChannels: number;
  /** Pixels per latent row and column. */
  vaeScale: number;
  /** Latent rows and columns per token. */
  patchSize: number;
  close(): Promise<void>;
}
