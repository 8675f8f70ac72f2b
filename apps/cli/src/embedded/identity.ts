import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { ServiceError } from '@app/common/errors.js';
import { KeyStore } from '@app/common/auth/key-store.js';

/** The tenant that the printed key belongs to. */
export const embeddedTenant = 'local';

const Identity = z.object({
  urlSigningKey: z.string().min(32),
  apiKey: z.string().optional(),
});
type Identity = z.infer<typeof Identity>;

/** The identity file is damaged. It is not replaced by itself: with it would go the API key that clients use. */
export class IdentityDamaged extends ServiceError {
  readonly code = 'identity_damaged';
}

/**
 * What makes an installation the same after a restart: the key that signs file URLs, and the API key. Kept in one file of
 * the data folder that its owner alone can read.
 */
export class IdentityFile {
  private identity: Identity;

  constructor(private readonly file: string) {
    if (existsSync(file)) {
      this.identity = readIdentity(file);
    } else {
      this.identity = { urlSigningKey: randomBytes(32).toString('base64url') };
      this.save();
    }
  }

  get urlSigningKey(): string {
    return this.identity.urlSigningKey;
  }

  /** The API key of this data folder; a new one when the Redis in use does not know it. */
  async apiKey(redis: Redis): Promise<string> {
    const keys = new KeyStore(redis);
    const known = this.identity.apiKey;
    if (known && (await keys.authenticate(known))) return known;
    const { key } = await keys.create({ tenant: embeddedTenant, scopes: ['generate', 'read', 'admin', 'priority'] });
    this.identity = { ...this.identity, apiKey: key };
    this.save();
    return key;
  }

  private save(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.new`, JSON.stringify(this.identity), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}

function readIdentity(file: string): Identity {
  try {
    return Identity.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : 'not readable as JSON';
    throw new IdentityDamaged(`${file}: ${problem}; mend it, or delete it to get a new API key`, { cause });
  }
}
