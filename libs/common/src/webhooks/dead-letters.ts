import type { Redis } from 'ioredis';

const keep = 1_000;
const keepMs = 30 * 24 * 3600 * 1000;
const keyOf = (tenant: string): string => `zq:webhooks:${tenant}:dead`;

export interface DeadLetter {
  /** The outbox entry that was given up. */
  entry: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** What could not be delivered to a tenant, the newest thousand, until it is replayed with success. */
export class DeadLetters {
  constructor(private readonly redis: Redis) {}

  async add(tenant: string, entry: string): Promise<void> {
    const key = keyOf(tenant);
    await this.redis.zadd(key, Date.now(), entry);
    await this.redis.zremrangebyrank(key, 0, -keep - 1);
    await this.redis.pexpire(key, keepMs);
  }

  /** After a delivery that succeeded. */
  async remove(tenant: string, entry: string): Promise<void> {
    await this.redis.zrem(keyOf(tenant), entry);
  }

  /** Newest first. */
  async list(tenant: string, limit: number): Promise<DeadLetter[]> {
    const flat = await this.redis.zrevrange(keyOf(tenant), 0, limit - 1, 'WITHSCORES');
    return flat.flatMap((entry, i) => (i % 2 === 0 ? [{ entry, at: Number(flat[i + 1]) }] : []));
  }
}
