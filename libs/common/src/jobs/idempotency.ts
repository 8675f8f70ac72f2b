import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { claim } from './scripts/claim.lua.js';

const lifetimeMs = 24 * 3600 * 1000;
/** A claim whose job is still missing after this time belongs to a request that died. */
const staleMs = 10_000;

export interface IdempotencyClaim {
  /** `new`: go on. `held`: somebody has it. `stale`: as `held`, and the caller may take over. `mismatch`: other body. */
  outcome: 'new' | 'held' | 'stale' | 'mismatch';
  /** The job that the key stands for. */
  id: string;
}

/**
 * Idempotency keys, scoped to the tenant and not to a model: a key sent again with another model must be seen. So the claim
 * has a key, and a Cluster slot, of its own, and is taken before the job is accepted.
 */
export class IdempotencyClaims {
  constructor(private readonly redis: Redis) {}

  async take(tenant: string, key: string, fingerprint: string, id: string): Promise<IdempotencyClaim> {
    const [outcome, holder] = (await claim.run(
      this.redis,
      [claimKey(tenant, key)],
      [fingerprint, id, lifetimeMs, staleMs],
    )) as [IdempotencyClaim['outcome'], string];
    return { outcome, id: holder };
  }

  /** After a refusal: the client may try again with the same key. */
  async drop(tenant: string, key: string): Promise<void> {
    await this.redis.del(claimKey(tenant, key));
  }
}

const claimKey = (tenant: string, key: string): string =>
  `zq:idem:${tenant}:${createHash('sha256').update(key).digest('hex')}`;
