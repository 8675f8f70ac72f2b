import type { z } from 'zod';

/** The faults of a parse in one line: each field with its fault. */
export function describeFault(issues: readonly z.core.$ZodIssue[]): string {
  return issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ');
}
