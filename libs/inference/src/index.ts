/** The library's public surface. Importing it loads no ONNX Runtime: that happens when a checkpoint is opened. */
export { openEngine, samplesPerCall } from './engine.js';
export type {
  EncodedInput,
  EngineOptions,
  ImageEngine,
  ImageObserver,
  ImageRequest,
  ImageSource,
  MadeImage,
  Precision,
  Weights,
} from './engine-types.js';
export { exportCheckpoint, OutputNotEmpty } from './engine/export-checkpoint.js';
export {
  inspectCheckpoint,
  type CheckpointSummary,
  type ComponentSummary,
  type PlannedMemory,
} from './engine/inspect-checkpoint.js';
export { nvidiaCapacity } from './engine/memory-capacity.js';
export { probeProviders, type ProviderProbe } from './engine/prove-accelerator.js';
export { encodeImage, type EncodeOptions, type ImageFormat } from './image/encode-image.js';
export type { RgbImage } from './image/pixels.js';
export {
  CheckpointError,
  ExecutionProviderError,
  InferenceError,
  MemoryInsufficient,
  OutOfMemory,
  PrecisionError,
} from './errors.js';
export { PromptTimeout } from './tokenizer/prompt-timeout.js';
export { NonFiniteOutput } from './pipelines/non-finite-output.js';
export { InputImageError } from './image/decode-image.js';
export { UnsupportedSource, UnsupportedStrength } from './pipelines/unsupported-request.js';
export { UnsupportedSize } from './pipelines/unsupported-size.js';
export type { StepCost } from './batcher/warm-up.js';
export { SessionThreadEnded } from './session/session-thread.js';
export { BatcherClosed } from './batcher/batcher-closed.js';
export { CaseError, parseCaseRequest, readCase, type CaseRequest } from './cases/case-request.js';
export { runCase } from './cases/run-case.js';
