import type { EngineOptions, ImageRequest, StepCost } from '@app/inference';

/** How the finished image leaves the host. `parameters` go into its text chunk. */
export interface OutputFormat {
  format: 'png' | 'jpeg' | 'webp';
  quality?: number;
  parameters?: Record<string, string>;
}

/** An encoded image with what is known of its making. */
export interface EncodedImage {
  bytes: Uint8Array;
  width: number;
  height: number;
  computeMs: number;
  batch: { max: number; mean: number };
}

/** A preview, always JPEG. */
export interface EncodedPreview {
  bytes: Uint8Array;
  width: number;
  height: number;
}

/** An error on its way to the parent: classes do not survive serialisation. */
export interface ErrorReport {
  code: string;
  message: string;
  retryable: boolean;
}

/** Parent to host. The first message is `open`; then any number of `run` and `abort`. */
export type HostCommand =
  | { type: 'open'; options: EngineOptions }
  | { type: 'run'; id: number; request: ImageRequest; output: OutputFormat }
  | { type: 'abort'; id: number };

/** Host to parent. `open-failed` is the last message of a host; a run ends with `image` or `error`. */
export type HostEvent =
  | { type: 'ready'; stepCost: StepCost }
  | { type: 'open-failed'; error: ErrorReport }
  | { type: 'heartbeat' }
  | { type: 'step'; id: number; step: number; steps: number }
  | { type: 'preview'; id: number; step: number; image: EncodedPreview }
  | { type: 'image'; id: number; image: EncodedImage }
  | { type: 'error'; id: number; error: ErrorReport };
