import { InferenceError } from '../errors.js';

/** An image size that the checkpoint cannot make. */
export class UnsupportedSize extends InferenceError {
  readonly code = 'size_unsupported';
  readonly retryable = false;

  constructor(field: 'width' | 'height', pixels: number, multiple: number) {
    super(`${field}: must be a positive multiple of ${multiple} px for this checkpoint, not ${pixels}`);
  }
}
