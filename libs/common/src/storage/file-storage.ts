import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { keySegments } from './object-key.js';
import { ObjectExists, StorageUnavailable, type ObjectInfo, type ObjectStorage } from './object-storage.js';
import { signFileUrl } from './url-signature.js';

const Info = z.object({ bytes: z.int(), sha256: z.string(), contentType: z.string() });
const SystemError = z.object({ code: z.string().regex(/^E[A-Z0-9]+$/) });
const infoName = '@info.json';

/**
 * Objects in a folder of this machine. An object `a/0.png` is the folder `a/0.png@` with the bytes in `0.png` and the
 * metadata beside them: one rename puts both in place, and fails when the folder is already there, so of several writers
 * one wins and nobody ever sees half an object.
 */
export class FileStorage implements ObjectStorage {
  constructor(
    private readonly root: string,
    private readonly urls: { publicUrl: string; signingKey: string },
  ) {}

  async putIfAbsent(key: string, body: Uint8Array, info: { contentType: string; sha256: string }): Promise<void> {
    const place = this.placeOf(key);
    const draft = join(this.root, '.drafts', randomUUID());
    try {
      await mkdir(draft, { recursive: true });
      await writeDurably(join(draft, place.name), body);
      await writeDurably(join(draft, infoName), Buffer.from(JSON.stringify({ ...info, bytes: body.byteLength })));
      await mkdir(dirname(place.folder), { recursive: true });
      await rename(draft, place.folder);
    } catch (cause) {
      await rm(draft, { recursive: true, force: true });
      const code = codeOf(cause);
      if (code === 'ENOTEMPTY' || code === 'EEXIST') throw new ObjectExists(`${key} exists`, { cause });
      throw new StorageUnavailable(`cannot write ${key}: ${code}`, { cause });
    }
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const json = await this.read(key, infoName);
    return json && Info.parse(JSON.parse(json.toString('utf8')));
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.read(key, this.placeOf(key).name);
  }

  async delete(key: string): Promise<void> {
    const grave = join(this.root, '.drafts', randomUUID());
    try {
      await mkdir(dirname(grave), { recursive: true });
      await rename(this.placeOf(key).folder, grave);
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return;
      throw new StorageUnavailable(`cannot delete ${key}: ${codeOf(cause)}`, { cause });
    }
    await rm(grave, { recursive: true, force: true });
  }

  signedUrl(key: string, ttlSeconds: number): Promise<{ url: string; expiresAt: Date }> {
    keySegments(key);
    return Promise.resolve(this.sign('GET', key, ttlSeconds));
  }

  signedPutUrl(key: string, ttlSeconds: number): Promise<{ url: string; expiresAt: Date }> {
    keySegments(key);
    return Promise.resolve(this.sign('PUT', key, ttlSeconds));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private sign(method: 'GET' | 'PUT', key: string, ttlSeconds: number): { url: string; expiresAt: Date } {
    const expires = Math.ceil(Date.now() / 1000) + ttlSeconds;
    const url = signFileUrl(this.urls.publicUrl, this.urls.signingKey, { method, key, expires });
    return { url, expiresAt: new Date(expires * 1000) };
  }

  private placeOf(key: string): { folder: string; name: string } {
    const segments = keySegments(key);
    return { folder: `${join(this.root, ...segments)}@`, name: segments.at(-1) ?? key };
  }

  private async read(key: string, name: string): Promise<Buffer | null> {
    try {
      return await readFile(join(this.placeOf(key).folder, name));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return null;
      if (codeOf(cause) === undefined) throw cause;
      throw new StorageUnavailable(`cannot read ${key}: ${codeOf(cause)}`, { cause });
    }
  }
}

/** Bytes are on the disk before the rename makes them visible: a power cut leaves a whole object or none. */
async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The system's error code, as `ENOENT`; undefined for errors that are not the file system's. */
const codeOf = (cause: unknown): string | undefined => SystemError.safeParse(cause).data?.code;
