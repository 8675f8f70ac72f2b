import { createHash } from 'node:crypto';
import { Problem } from '../http/problems.js';
import type { ObjectInfo, ObjectStorage } from '@app/common/storage/object-storage.js';
import { fileUrlHolds } from '@app/common/storage/url-signature.js';

export interface FileUrl {
  key: string;
  expires: string;
  signature: string;
}

/** Objects of a `file://` storage behind signed URLs; an S3 storage serves its own. */
export class SignedFiles {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly signingKey: string,
  ) {}

  /** Throws `file_url_refused`, or `not_found` when the object is gone. */
  async open(url: FileUrl): Promise<{ body: Uint8Array; info: ObjectInfo }> {
    this.check('GET', url);
    const [info, body] = await Promise.all([this.storage.head(url.key), this.storage.get(url.key)]);
    if (!info || !body) throw new Problem('not_found');
    return { info, body };
  }

  /** Throws `file_url_refused`. */
  check(method: 'GET' | 'PUT', url: FileUrl): void {
    if (!fileUrlHolds(this.signingKey, { method, ...url })) throw new Problem('file_url_refused');
  }

  /** Stores what came to a checked URL, in place of what came before, as S3 does. Throws StorageUnavailable. */
  async put(key: string, body: Uint8Array): Promise<void> {
    const sha256 = createHash('sha256').update(body).digest('hex');
    await this.storage.delete(key);
    await this.storage.putIfAbsent(key, body, { contentType: 'application/octet-stream', sha256 });
  }
}
