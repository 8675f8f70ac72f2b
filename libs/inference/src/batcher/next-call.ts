import type { CallLimits } from './step-port.js';

/** A sample that waits for a call. */
export interface Candidate {
  /** Samples may share a call when this is equal. */
  readonly layout: string;
  /** Its request's place in the order; the lowest goes first. */
  readonly place: number;
  readonly tokens: number;
}

/**
 * Chooses the samples of the next transformer call: the first in order, and those after it that share its layout while the
 * limits hold; equal places keep the order given. Layouts are never mixed: padding one to another costs more on a CPU than a
 * call of its own (docs/numerics.md).
 */
export function nextCall<C extends Candidate>(
  candidates: readonly C[],
  { samplesPerCall, tokensPerCall }: CallLimits,
): C[] {
  const [first, ...others] = candidates.toSorted((a, b) => a.place - b.place);
  if (!first) return [];
  const call = [first];
  let { tokens } = first;
  for (const other of others) {
    if (other.layout !== first.layout) continue;
    tokens += other.tokens;
    if (call.length === samplesPerCall || tokens > tokensPerCall) break;
    call.push(other);
  }
  return call;
}
