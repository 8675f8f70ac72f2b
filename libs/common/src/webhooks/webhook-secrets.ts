import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

const field = 'webhook_secret';

/** The secrets that sign a tenant's webhooks: `whsec_` and 32 random bytes in base64, as Standard Webhooks has them. */
export class WebhookSecrets {
  constructor(private readonly redis: Redis) {}

  /** The tenant's secret; made on first use, once also when two processes ask at the same time. */
  async current(tenant: string): Promise<string> {
    const key = `zq:tenant:${tenant}`;
    const made = `whsec_${randomBytes(32).toString('base64')}`;
    if ((await this.redis.hsetnx(key, field, made)) === 1) return made;
    return (await this.redis.hget(key, field)) ?? made;
  }
}
