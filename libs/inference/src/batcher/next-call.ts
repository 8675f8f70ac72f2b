/** A sample that waits for a call. */
export interface Candidate {
  /** Samples may share a call when this is equal. */
  readonly layout: string;
  /** Service its request has had, in tokens; the least served goes first. */
  readonly served: number;
}

/**
 * Chooses the samples of the next transformer call: the least served one, and up to `limit` in all that share its layout, in
 * order of service; equal service keeps the order given. Layouts are never mixed: padding one to another costs more on a CPU
 * than a call of its own (docs/numerics.md).
 */
export function nextCall<C extends Candidate>(candidates: readonly C[], limit: number): C[] {
  const byService = candidates.toSorted((a, b) => a.served - b.served);
  return byService.filter(({ layout }) => layout === byService[0]?.layout).slice(0, limit);
}
