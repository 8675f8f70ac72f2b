import type { Redis } from 'ioredis';

/** Whether this process can serve. Storage is not asked: signing a URL needs no answer from it. */
export class Readiness {
  constructor(private readonly redis: Redis) {}

  /** Throws ioredis' own error, which the HTTP layer answers with 503. */
  async check(): Promise<void> {
    await this.redis.ping();
  }
}
