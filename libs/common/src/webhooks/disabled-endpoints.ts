import type { Redis } from 'ioredis';

const keyOf = (tenant: string): string => `zq:webhooks:${tenant}:gone`;

/** Endpoints that answered 410 Gone: nothing more is sent there until the tenant enables them again. */
export class DisabledEndpoints {
  constructor(private readonly redis: Redis) {}

  async disable(tenant: string, url: string): Promise<void> {
    await this.redis.hset(keyOf(tenant), url, Date.now());
  }

  async has(tenant: string, url: string): Promise<boolean> {
    return (await this.redis.hexists(keyOf(tenant), url)) === 1;
  }

  /** When each was disabled, in milliseconds since the epoch. */
  async list(tenant: string): Promise<{ url: string; at: number }[]> {
    const endpoints = Object.entries(await this.redis.hgetall(keyOf(tenant)));
    return endpoints.map(([url, at]) => ({ url, at: Number(at) })).sort((a, b) => a.at - b.at);
  }

  /** False when the endpoint was not disabled. */
  async enable(tenant: string, url: string): Promise<boolean> {
    return (await this.redis.hdel(keyOf(tenant), url)) === 1;
  }
}
