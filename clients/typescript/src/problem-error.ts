import type { Problem } from './types.js';

/** The API answered with a problem document (RFC 9457). Switch on `code`. */
export class ProblemError extends Error {
  readonly code: Problem['code'];
  readonly status: number;

  constructor(
    readonly problem: Problem,
    /** From Retry-After, where the answer had one: the same call may succeed then. */
    readonly retryAfterMs: number | null,
    /** Names the request in the service's log. */
    readonly requestId: string | null,
  ) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.code = problem.code;
    this.status = problem.status;
  }

  static of(problem: Problem, { headers }: Response): ProblemError {
    const seconds = Number(headers.get('retry-after') ?? NaN);
    return new ProblemError(problem, Number.isNaN(seconds) ? null : seconds * 1000, headers.get('x-request-id'));
  }
}
