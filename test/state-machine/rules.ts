/**
 * The rules that keep a job true. Each can be taken out, to see what it is there for: a rule without which nothing goes
 * wrong is not needed, or the check is blind.
 */
export const rules = {
  /** `commit` and `release` compare the fence of the run with the document's. */
  fencedEnd: true,
  /** `start` refuses a fence that is not above the document's. */
  risingFence: true,
  /** No script leaves a terminal state. */
  terminalStays: true,
  /** Every fetch has a lock token of its own, not one for its worker. */
  tokenPerFetch: true,
  /** An upload leaves an object alone that is there already. */
  putIfAbsent: true,
  /** A run whose upload met an object describes that one, not its own image. */
  adoptWinner: true,
  /** After a commit, objects are deleted only when the document ended without a result. */
  discardOnlyFailures: true,
  /** Upload, then commit: not the other way round. */
  uploadFirst: true,
  /** Each time the janitor adds a job, its fences count from a base above all that earlier fetches may hold. */
  freshFences: true,
  /** A refused `start` takes the job off the queue, so that it can be added again with such a base. */
  completeRefused: true,
  /** The janitor adds jobs that were accepted and not added. */
  addUnqueued: true,
  /** The janitor adds open jobs again that BullMQ has lost. */
  requeueLost: true,
  /** Whoever checks gives jobs back to the queue whose lock ran out. */
  recoverStalled: true,
  /** The janitor ends what is cancelled or past its deadline, and has no worker to say so. */
  settleDue: true,
};
export type Rules = Record<keyof typeof rules, boolean>;
