import type { Guidance } from './guidance.js';
import type { ImageSource } from './image-source.js';

/** One image to make, in the terms of the pipeline. */
export interface PipelineRequest {
  prompt: string;
  /** null means the empty prompt; without guidance it is not read. */
  negativePrompt: string | null;
  /** null: from the prompt alone. */
  source: ImageSource | null;
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
