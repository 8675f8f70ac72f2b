import { ServiceError } from '../errors.js';

/** How a limit stands, as the RateLimit fields tell it. */
export interface LimitState {
  /** Public name of the limit. */
  policy: string;
  /** How much there is in a window; of what, says `unit` (requests without one). */
  quota: number;
  unit?: string;
  /** Null for what is counted at a moment, like open jobs. */
  windowS: number | null;
  remaining: number;
  /** When to look again, in seconds. */
  resetS: number;
}

/** A tenant is at one of its limits; the same call may succeed later. */
export abstract class LimitReached extends ServiceError {
  override readonly retryable = true;

  constructor(
    message: string,
    readonly limit: LimitState,
  ) {
    super(message);
  }

  get retryAfterMs(): number {
    return this.limit.resetS * 1000;
  }
}
