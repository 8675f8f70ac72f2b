import type { StepCost } from './batcher/warm-up.js';
import type { RgbImage } from './image/pixels.js';
import type { ImageSource } from './pipelines/image-source.js';

export type { EncodedInput, ImageSource } from './pipelines/image-source.js';

/** One image to make; sizes in pixels, multiples of 16. */
export interface ImageRequest {
  prompt: string;
  /** Absent: from the prompt alone. */
  source?: ImageSource;
  /** null or '' with guidance means the empty prompt, as in diffusers. */
  negativePrompt: string | null;
  width: number;
  height: number;
  steps: number;
  /** pred = pos + guidanceScale · (pos − neg); 0 means no second pass. */
  guidanceScale: number;
  cfgNormalization: boolean;
  cfgTruncation: number;
  /** Seed of torch's CPU generator. */
  seed: number;
  /** Run in calls of its own: no other request shares a transformer call with it. */
  alone?: boolean;
  /** Steps between previews; absent or 0: none. */
  previewEvery?: number;
}

export interface MadeImage {
  width: number;
  height: number;
  /** RGB, 8 bit, row by row: width × height × 3. */
  pixels: Uint8Array;
  /** From admission into the batch to the decoded image. */
  computeMs: number;
  /** Requests that shared this request's transformer calls, over its steps. */
  batch: { max: number; mean: number };
}

export interface ImageObserver {
  /** After each of the request's own denoising steps; 1-based. */
  onStep?(step: number, steps: number): void;
  /** The image as predicted after a step, x0 through the VAE; never for the last one. */
  onPreview?(step: number, image: RgbImage): void;
}

/**
 * What the transformer computes in. int8: the products w1 and w3 of a step's layers from the third on, on a CPU, the rest in float32;
 * one sample a call.
 */
export type Precision = 'float32' | 'bfloat16' | 'float16' | 'int8';

/**
 * What a CPU that computes in float32 makes of the weights of text encoder and transformer when it loads them. computed: float32,
 * packed for the products. stored: nothing; they stay in their files, which are mapped, and each is cast when it is used.
 */
export type Weights = 'computed' | 'stored';

export interface CheckpointOptions {
  /** Checkpoint directory in the diffusers layout. */
  checkpoint: string;
  /**
   * ONNX Runtime execution providers in order of preference; default ['cpu']. Nothing runs on one that is not named:
   * ['cuda'] fails where CUDA lacks a kernel, ['cuda', 'cpu'] lets the CPU fill in.
   */
  executionProviders?: string[];
  /** Default: the first provider's own: float32 on cpu and webgpu, bfloat16 on cuda and tensorrt. */
  precision?: Precision;
  /** Lets `precision` be float16, for a checkpoint that is known not to overflow in it. */
  allowFloat16?: boolean;
  /** Default: computed. */
  weights?: Weights;
  /** Keeps the text encoder, in float32, in host memory: its weights then take none of the GPU's. */
  textEncoderProvider?: 'cpu';
  /** Threads of one run; default: all cores. */
  threads?: number;
  /** Most bytes of host memory that the process may take; default: all of the machine's or its container's. */
  hostMemoryBytes?: number;
}

export interface EngineOptions extends CheckpointOptions {
  /** Upper bound of the image tokens × guidance passes in flight; a slow machine takes fewer. The rest waits inside the engine. */
  tokenBudget: number;
}

/** One checkpoint, loaded and warm, with its running batch. */
export interface ImageEngine {
  /**
   * Makes an image; resolves when it is decoded. An aborted signal takes the request out at the next step and rejects with
   * the signal's reason.
   */
  run(request: ImageRequest, observer?: ImageObserver, signal?: AbortSignal): Promise<MadeImage>;
  /** As measured at the warm-up, its budget not above the one asked for. */
  readonly stepCost: StepCost;
  /** Image tokens × guidance passes of the requests that are running or waiting here. */
  readonly tokensInFlight: number;
  close(): Promise<void>;
}
