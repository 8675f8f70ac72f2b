import type { Guidance } from './guidance.js';
import type { EditSource } from './edit-source.js';
import type { ImageSource } from './image-source.js';

/** An image source as the pipeline takes it: the reference images of an edit are read, as its size depends on them. */
export type PipelineSource = Exclude<ImageSource, { kind: 'edit' }> | EditSource;

/** One image to make, in the terms of the pipeline. */
export interface PipelineRequest {
  prompt: string;
  /** null means the empty prompt; without guidance it is not read. */
  negativePrompt: string | null;
  /** null: from the prompt alone. */
  source: PipelineSource | null;
  /** Pixels. */
  width: number;
  height: number;
  /** Of the whole schedule: an image as source leaves fewer to do. */
  steps: number;
  guidance: Guidance;
  noise: SeededNoise;
}

/** An image's place among `count` images whose noise is drawn together from one generator. */
export interface SeededNoise {
  seed: number | bigint;
  index: number;
  count: number;
}
