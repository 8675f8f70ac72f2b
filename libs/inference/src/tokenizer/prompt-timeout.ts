import { InferenceError } from '../errors.js';

/** The checkpoint's tokenizer or chat template did not come to an end with this prompt. */
export class PromptTimeout extends InferenceError {
  readonly code = 'prompt_timeout';
  readonly retryable = false;
}
