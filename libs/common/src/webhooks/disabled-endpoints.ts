import type { Redis } from 'ioredis';

const key = (tenant: string): string => `zq:webhooks:${tenant}:gone`;

/** Endpoints that answered 410 Gone: nothing more is sent there. */
export class DisabledEndpoints {
  constructor(private readonly redis: Redis) {}

  async disable(tenant: string, url: string): Promise<void> {
    await this.redis.hset(key(tenant), url, Date.now());
  }

  async has(tenant: string, url: string): Promise<boolean> {
    return (await this.redis.hexists(key(tenant), url)) === 1;
  }
}
