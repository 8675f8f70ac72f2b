import type { Redis } from 'ioredis';

const key = (tenant: string): string => `zq:webhooks:${tenant}:gone`;

/** Endpoints that answered 410 Gone: nothing is sent there until they are enabled again. */
export class DisabledEndpoints {
  constructor(private readonly redis: Redis) {}

  async disable(tenant: string, url: string): Promise<void> {
    await this.redis.hset(key(tenant), url, Date.now());
  }

  async enable(tenant: string, url: string): Promise<void> {
    await this.redis.hdel(key(tenant), url);
  }

  async has(tenant: string, url: string): Promise<boolean> {
    return (await this.redis.hexists(key(tenant), url)) === 1;
  }
}
