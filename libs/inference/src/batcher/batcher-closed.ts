import { InferenceError } from '../errors.js';

/** The batcher was closed before the request was finished; another engine can run it. */
export class BatcherClosed extends InferenceError {
  readonly code = 'engine_closed';
  readonly retryable = true;

  constructor() {
    super('the engine was closed before the request was finished');
  }
}
