import { ulid } from 'ulid';
import { inputImageLimits, uploadIdPattern, type StoredInput } from '../contracts/input-image.js';
import { ObjectExists, type ObjectStorage } from '../storage/object-storage.js';
import { ImageTooLarge, UploadNotFound } from './input-errors.js';
import type { NormalizedImage } from './normalize-image.js';

const uploadTtlSeconds = 900;

/** Where uploads lie: below their tenant, so that another tenant's id leads nowhere. */
const uploadKey = (tenant: string, uploadId: string): string => `${tenant}/uploads/${uploadId}`;

const inputKey = (tenant: string, sha256: string): string => `${tenant}/inputs/${sha256}.png`;

/** A tenant's input images in object storage. Every method throws StorageUnavailable when the storage is away. */
export class InputStore {
  constructor(private readonly storage: ObjectStorage) {}

  /** Stores an image under its own hash: one that is there already is the same. */
  async put(tenant: string, { png, ...input }: NormalizedImage): Promise<StoredInput> {
    try {
      const { sha256 } = input;
      await this.storage.putIfAbsent(inputKey(tenant, sha256), png, { contentType: 'image/png', sha256 });
    } catch (error) {
      if (!(error instanceof ObjectExists)) throw error;
    }
    return input;
  }

  /** The image's PNG bytes; null when somebody deleted it. */
  get(tenant: string, { sha256 }: Pick<StoredInput, 'sha256'>): Promise<Uint8Array | null> {
    return this.storage.get(inputKey(tenant, sha256));
  }

  /** A place that a client can put one image to, for a quarter of an hour. */
  async newUpload(tenant: string): Promise<{ id: string; url: string; expiresAt: Date }> {
    const id = `upl_${ulid()}`;
    return { id, ...(await this.storage.signedPutUrl(uploadKey(tenant, id), uploadTtlSeconds)) };
  }

  /** What a client put there. Its size is looked at first. Throws {@link UploadNotFound} or {@link ImageTooLarge}. */
  async upload(tenant: string, uploadId: string): Promise<Uint8Array> {
    const missing = (): UploadNotFound => new UploadNotFound('there is no such upload, or nothing was put there yet');
    if (!uploadIdPattern.test(uploadId)) throw missing();
    const key = uploadKey(tenant, uploadId);
    const info = await this.storage.head(key);
    if (!info) throw missing();
    const { bytes } = inputImageLimits;
    if (info.bytes > bytes) throw new ImageTooLarge(`has more than ${bytes} bytes`);
    const body = await this.storage.get(key);
    if (!body) throw missing();
    return body;
  }
}
