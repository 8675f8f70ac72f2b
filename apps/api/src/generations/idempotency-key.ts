import { z } from 'zod';

/** The header's value: any visible ASCII. Absent is no key. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, { error: 'must be 1–255 visible ASCII characters', path: ['Idempotency-Key'] })
  .optional();
