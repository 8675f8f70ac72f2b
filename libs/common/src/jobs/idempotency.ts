import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { claim } from './scripts/claim.lua.js';
import { unclaim } from './scripts/unclaim.lua.js';

const lifetimeMs = 24 * 3600 * 1000;
/** A claim whose job is still missing after this time belongs to a request that died. Longer than inputs take to fetch. */
const staleMs = 60_000;

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

  /** `renew`: whatever job the key stands for, it now stands for `id`. */
  async take(
    tenant: string,
    { key, fingerprint, renew = false }: { key: string; fingerprint: string; renew?: boolean },
    id: string,
  ): Promise<IdempotencyClaim> {
    const [outcome, holder] = (await claim.run(
      this.redis,
      [claimKey(tenant, key)],
      [fingerprint, id, lifetimeMs, staleMs, renew ? 1 : 0],
    )) as [IdempotencyClaim['outcome'], string];
    return { outcome, id: holder };
  }

  /** Forgets the key, unless it stands for another job by now. */
  async drop(tenant: string, key: string, id: string): Promise<void> {
    await unclaim.run(this.redis, [claimKey(tenant, key)], [id]);
  }
}

const claimKey = (tenant: string, key: string): string =>
  `zq:idem:${tenant}:${createHash('sha256').update(key).digest('hex')}`;
