import { ApiHeader } from '@nestjs/swagger';
import { invalidField } from '../http/problems.js';

const pattern = /^[!-~]{1,255}$/;

/** Describes the header of a route that makes a job. */
export const ApiIdempotencyKey = (): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Makes a repeated POST safe for 24 hours',
    schema: { type: 'string', pattern: pattern.source },
  });

/** Checks the header's value: any visible ASCII, at most 255. Absent is no key. Throws `validation_failed`. */
export function checkIdempotencyKey(header: string | undefined): void {
  if (header !== undefined && !pattern.test(header)) {
    throw invalidField('Idempotency-Key', 'must be 1–255 visible ASCII characters');
  }
}
