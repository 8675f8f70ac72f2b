import type { z } from 'zod';

/** A failed parse in one line: each field with its fault. */
export function describeFault(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ');
}
