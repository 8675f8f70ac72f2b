import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { LimitReached, type LimitState } from './limit-reached.js';

/** The tenant made all requests of this minute. */
export class RequestRateReached extends LimitReached {
  readonly code = 'rate_limited';
}

const windowS = 60;

/**
 * Requests a minute of each tenant, counted in Redis over all API processes. Keys of one tenant share the count; each is
 * held to its own limit.
 */
export class RequestRate {
  /** By limit: they count under the same Redis keys. */
  private readonly limiters = new Map<number, RateLimiterRedis>();

  constructor(private readonly redis: Redis) {}

  /** Counts a request. Throws {@link RequestRateReached}, or ioredis' error: without Redis nobody is let through. */
  async take(tenant: string, perMinute: number): Promise<LimitState> {
    try {
      return stateOf(await this.limiter(perMinute).consume(tenant), perMinute);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new RequestRateReached(`more than ${perMinute} requests in a minute`, stateOf(refused, perMinute));
    }
  }

  private limiter(points: number): RateLimiterRedis {
    let limiter = this.limiters.get(points);
    if (!limiter) {
      limiter = new RateLimiterRedis({ storeClient: this.redis, keyPrefix: 'zq:rate', points, duration: windowS });
      this.limiters.set(points, limiter);
    }
    return limiter;
  }
}

const stateOf = (result: RateLimiterRes, quota: number): LimitState => ({
  policy: 'requests',
  quota,
  windowS,
  remaining: Math.max(0, result.remainingPoints),
  resetS: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
});
