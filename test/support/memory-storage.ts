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
  /** Puts of such keys hang until they are let go. */
  hangingOn: RegExp | null = null;
  private readonly hanging: (() => void)[] = [];

  letGo(): void {
    this.hangingOn = null;
    for (const go of this.hanging.splice(0)) go();
  }

  async putIfAbsent(key: string, body: Uint8Array, info: { contentType: string; sha256: string }): Promise<void> {
    if (this.hangingOn?.test(key)) await new Promise<void>((go) => this.hanging.push(go));
    const failure = this.failures.shift();
    if (failure === 'before') throw new StorageUnavailable('503');
    if (this.objects.has(key)) throw new ObjectExists(key);
    this.objects.set(key, { ...info, bytes: body.length });
    this.bodies.set(key, body);
    if (failure === 'after') throw new StorageUnavailable('reply lost');
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
