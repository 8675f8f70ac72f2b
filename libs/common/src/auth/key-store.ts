import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ulid } from 'ulid';
import { z } from 'zod';
import { ServiceError } from '../errors.js';
import { scopes, type Caller } from './scopes.js';

/** The description of a new key is wrong; the message names the field. */
export class KeyInvalid extends ServiceError {
  readonly code = 'key_invalid';
}

const NewKey = z.strictObject({
  tenant: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be 1–63 letters, digits, dots, dashes'),
  scopes: z.array(z.enum(scopes)).min(1).default(['generate', 'read']),
  weight: z.number().positive().max(1000).default(1),
  limits: z
    .strictObject({
      requestsPerMinute: z.int().positive().optional(),
      gpuSecondsPerDay: z.number().positive().optional(),
      openJobs: z.int().positive().optional(),
    })
    .default({}),
});
export type NewKey = z.input<typeof NewKey>;

/** What is stored of a key: everything but the key. */
const StoredKey = NewKey.extend({ id: z.string(), createdAt: z.number() });
export type StoredKey = z.infer<typeof StoredKey>;

const indexKey = 'zq:keys';
const recordKey = (sha256: string): string => `zq:key:${sha256}`;
/** Keys whose callers a process remembers; beyond that, the first it saw are forgotten. */
const maxRemembered = 10_000;
const sha256Of = (key: string): string => createHash('sha256').update(key).digest('hex');

/**
 * API keys in Redis. A key is 256 random bits behind `zq_`, shown once; stored is its SHA-256, which a random key needs no
 * salt for, and which makes the look-up independent of how much of a guess is right.
 */
export class KeyStore {
  /** By SHA-256; the record is kept as it was read, so that one that has not changed is parsed once. */
  private readonly remembered = new Map<string, { json: string; caller: Caller }>();

  constructor(private readonly redis: Redis) {}

  /** Makes a key. The returned `key` cannot be had again. Throws {@link KeyInvalid}. */
  async create(description: NewKey): Promise<StoredKey & { key: string }> {
    const parsed = NewKey.safeParse(description);
    if (!parsed.success) {
      const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
      throw new KeyInvalid(faults.join('; '));
    }
    const key = `zq_${randomBytes(32).toString('base64url')}`;
    const sha256 = sha256Of(key);
    const stored: StoredKey = { ...parsed.data, id: `key_${ulid()}`, createdAt: Date.now() };
    // Index first: a key that works is always one that `list` shows and `revoke` finds.
    await this.redis.hset(indexKey, stored.id, sha256);
    await this.redis.set(recordKey(sha256), JSON.stringify(stored));
    return { ...stored, key };
  }

  /** All keys that work now, oldest first. */
  async list(): Promise<StoredKey[]> {
    const hashes = await this.redis.hvals(indexKey);
    const records = await Promise.all(hashes.map((sha256) => this.redis.get(recordKey(sha256))));
    return records
      .filter((json) => json !== null)
      .map((json) => StoredKey.parse(JSON.parse(json)))
      .sort((a, b) => a.createdAt - b.createdAt || a.id.localeCompare(b.id));
  }

  /** Ends a key at once; false when there is no key with this id. */
  async revoke(id: string): Promise<boolean> {
    const sha256 = await this.redis.hget(indexKey, id);
    if (sha256 === null) return false;
    await this.redis.del(recordKey(sha256));
    return (await this.redis.hdel(indexKey, id)) === 1;
  }

  /** Whose key this is, or null. */
  async authenticate(key: string): Promise<Caller | null> {
    if (!/^zq_[A-Za-z0-9_-]{43}$/.test(key)) return null;
    const sha256 = sha256Of(key);
    const json = await this.redis.get(recordKey(sha256));
    const known = this.remembered.get(sha256);
    if (json !== null && known?.json === json) return known.caller;
    this.remembered.delete(sha256);
    if (json === null) return null;
    const { id, tenant, scopes: granted, weight, limits } = StoredKey.parse(JSON.parse(json));
    const caller = { keyId: id, tenant, scopes: granted, weight, limits };
    this.remember(sha256, { json, caller });
    return caller;
  }

  /** Whose key this was when it last came: a guess to work ahead with, never a reason to let a request through. */
  recall(key: string): Caller | undefined {
    return this.remembered.get(sha256Of(key))?.caller;
  }

  private remember(sha256: string, record: { json: string; caller: Caller }): void {
    const [first] = this.remembered.keys();
    if (this.remembered.size >= maxRemembered && first !== undefined) this.remembered.delete(first);
    this.remembered.set(sha256, record);
  }
}
