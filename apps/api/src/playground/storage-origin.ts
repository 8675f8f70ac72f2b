import type { ObjectStorage } from '@app/common/storage/object-storage.js';

/** Where the browser loads pictures from: the origin that the storage signs its URLs for. */
export class StorageOrigin {
  constructor(private readonly storage: ObjectStorage) {}

  /** E.g. `https://bucket.s3.eu-central-1.amazonaws.com`; the API's own for a `file://` storage. */
  async get(): Promise<string> {
    const { url } = await this.storage.signedUrl('origin', 1);
    return new URL(url).origin;
  }
}
