import { appendFileSync } from 'node:fs';
import type { Audit } from '../fleet/audit.mjs';

/** CI size is 1; `npm run faults` takes more, and more still with `--scale N`. */
export const faultScale = Number(process.env.FAULT_SCALE ?? 1);
/** For what takes its time whatever the machine: `npm run faults -- --long`. */
export const isLong = process.env.FAULT_LONG === '1';

/**
 * A time that must be kept. CI's machine may be held up by anything: there it only tells "in time" from "never", and
 * `npm run faults` holds the figure.
 */
export const boundMs = (ms: number): number => (faultScale > 1 ? ms : 4 * ms);

/** One row of the table that `npm run faults` prints. `recoveryMs`: how long each orphan, or the service, was idle. */
export function reportFault(fault: string, audit: Audit, recoveryMs: readonly number[] = []): void {
  if (!process.env.FAULT_REPORT) return;
  appendFileSync(process.env.FAULT_REPORT, `${JSON.stringify({ fault, ...audit, recoveryMs })}\n`);
}
