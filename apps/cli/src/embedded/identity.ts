import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { KeyStore } from '@app/common/auth/key-store.js';

/** The tenant that the printed key belongs to. */
export const embeddedTenant = 'local';

const Identity = z.object({
  urlSigningKey: z.string().min(32),
  apiKey: z.string().optional(),
});
type Identity = z.infer<typeof Identity>;

/**
 * What makes an installation the same after a restart: the key that signs file URLs, and the API key. Kept in one file of
 * the data folder that its owner alone can read.
 */
export class IdentityFile {
  private identity: Identity;

  constructor(private readonly file: string) {
    if (existsSync(file)) {
      this.identity = Identity.parse(JSON.parse(readFileSync(file, 'utf8')));
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
