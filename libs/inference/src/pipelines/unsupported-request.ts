import { InferenceError } from '../errors.js';

/** A strength outside 0–1, or one so small that no step is left to do. */
export class UnsupportedStrength extends InferenceError {
  readonly code = 'strength_unsupported';
  readonly retryable = false;
}

/** A kind of source that the checkpoint has no network for. */
export class UnsupportedSource extends InferenceError {
  readonly code = 'source_unsupported';
  readonly retryable = false;
}
