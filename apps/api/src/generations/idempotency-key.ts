import { invalidField } from '../http/problems.js';

/** Checks the header's value: any visible ASCII, at most 255. Absent is no key. Throws `validation_failed`. */
export function checkIdempotencyKey(header: string | undefined): void {
  if (header !== undefined && !/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw invalidField('Idempotency-Key', 'must be 1–255 visible ASCII characters');
  }
}
