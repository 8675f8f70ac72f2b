import {
  ObjectExists,
  StorageUnavailable,
  type ObjectInfo,
  type ObjectStorage,
} from '../../libs/common/src/storage/object-storage.js';

/** A storage in memory whose next puts can be made to fail, before or after they took effect. */
export class MemoryStorage implements ObjectStorage {
  readonly objects = new Map<string, ObjectInfo>();
  private readonly bodies = new Map<string, Uint8Array>();
  readonly failures: ('before' | 'after')[] = [];

  putIfAbsent(key: string, body: Uint8Array, info: { contentType: string; sha256: string }): Promise<void> {
    const failure = this.failures.shift();
    if (failure === 'before') return Promise.reject(new StorageUnavailable('503'));
    if (this.objects.has(key)) return Promise.reject(new ObjectExists(key));
    this.objects.set(key, { ...info, bytes: body.length });
    this.bodies.set(key, body);
    return failure === 'after' ? Promise.reject(new StorageUnavailable('reply lost')) : Promise.resolve();
  }

  head(key: string): Promise<ObjectInfo | null> {
    return Promise.resolve(this.objects.get(key) ?? null);
  }

  delete(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }

  get(key: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.objects.has(key) ? (this.bodies.get(key) ?? null) : null);
  }

  signedUrl(key: string): Promise<{ url: string; expiresAt: Date }> {
    return Promise.resolve({ url: `memory:${key}`, expiresAt: new Date(0) });
  }

  signedPutUrl(key: string): Promise<{ url: string; expiresAt: Date }> {
    return this.signedUrl(key);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
