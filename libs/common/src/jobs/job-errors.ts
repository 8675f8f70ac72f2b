import { ServiceError } from '../errors.js';
import { LimitReached } from '../limits/limit-reached.js';

/** The tenant has as many open jobs on this model as it may. */
export class TenantLimitReached extends LimitReached {
  readonly code = 'tenant_limit_reached';
}

/** The model's queue takes no more jobs. */
export class QueueFull extends LimitReached {
  readonly code = 'queue_full';
}

/** The idempotency key was used with another body. */
export class IdempotencyMismatch extends ServiceError {
  readonly code = 'idempotency_key_reused';
}

/** The first request with this idempotency key is still being accepted. */
export class IdempotencyInFlight extends ServiceError {
  readonly code = 'idempotency_in_flight';
  override readonly retryable = true;
  readonly retryAfterMs = 1_000;
}
