import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { rotateSecrets } from './rotate-secrets.lua.js';

/** What signs a tenant's webhooks at this moment: the current keys first, then, during a rotation, those before them. */
export interface SigningKeys {
  /** `whsec_…`: symmetric, for `v1` signatures. */
  secrets: string[];
  /** `whsk_…`: ed25519, seed and public key, for `v1a` signatures. */
  privateKeys: string[];
}

const fields = { secret: 'webhook_secret', privateKey: 'webhook_private_key' };
const tenantKey = (tenant: string): string => `zq:tenant:${tenant}`;

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

function newPrivateKey(): string {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return `whsk_${Buffer.concat([d, x].map((part) => Buffer.from(part, 'base64url'))).toString('base64')}`;
}

/** The public half of `whsk_…`, as `whpk_…`. */
const publicKeyOf = (privateKey: string): string =>
  `whpk_${Buffer.from(privateKey.slice('whsk_'.length), 'base64').subarray(32).toString('base64')}`;

/** The keys that sign a tenant's webhooks, in the forms of Standard Webhooks. */
export class WebhookSecrets {
  constructor(private readonly redis: Redis) {}

  /** The tenant's secret; made on first use, once also when two processes ask at the same time. */
  async current(tenant: string): Promise<string> {
    return (await this.redis.hget(tenantKey(tenant), fields.secret)) ?? this.make(tenant, fields.secret, newSecret);
  }

  /** The keys that receivers may verify `v1a` signatures with: the current one, then one that a rotation replaced. */
  async publicKeys(tenant: string): Promise<string[]> {
    return (await this.signingKeys(tenant)).privateKeys.map(publicKeyOf);
  }

  async signingKeys(tenant: string): Promise<SigningKeys> {
    const [secret, privateKey, oldSecret, oldPrivateKey, until] = await this.redis.hmget(
      tenantKey(tenant),
      fields.secret,
      fields.privateKey,
      `previous_${fields.secret}`,
      `previous_${fields.privateKey}`,
      'webhook_rotation_until',
    );
    const overlaps = Number(until ?? 0) > Date.now();
    const andOld = (now: string, old: string | null | undefined): string[] => (overlaps && old ? [now, old] : [now]);
    return {
      secrets: andOld(secret ?? (await this.make(tenant, fields.secret, newSecret)), oldSecret),
      privateKeys: andOld(privateKey ?? (await this.make(tenant, fields.privateKey, newPrivateKey)), oldPrivateKey),
    };
  }

  /**
   * New keys, at once. Until `previousUntil` messages are signed with the keys before them as well; keys from before an
   * earlier rotation end now.
   */
  async rotate(tenant: string, overlapMs: number): Promise<{ secret: string; publicKey: string; previousUntil: Date }> {
    await this.signingKeys(tenant);
    const [secret, privateKey] = [newSecret(), newPrivateKey()];
    const until = Date.now() + overlapMs;
    await rotateSecrets.run(
      this.redis,
      [tenantKey(tenant)],
      [until, fields.secret, secret, fields.privateKey, privateKey],
    );
    return { secret, publicKey: publicKeyOf(privateKey), previousUntil: new Date(until) };
  }

  /** The first to make a key wins, and all have that one. */
  private async make(tenant: string, field: string, newKey: () => string): Promise<string> {
    const key = tenantKey(tenant);
    const made = newKey();
    if ((await this.redis.hsetnx(key, field, made)) === 1) return made;
    return (await this.redis.hget(key, field)) ?? made;
  }
}
