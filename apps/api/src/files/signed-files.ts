import { Problem } from '../http/problems.js';
import type { ObjectInfo, ObjectStorage } from '@app/common/storage/object-storage.js';
import { fileUrlHolds } from '@app/common/storage/url-signature.js';

/** Objects of a `file://` storage behind signed URLs; an S3 storage serves its own. */
export class SignedFiles {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly signingKey: string,
  ) {}

  /** Throws `file_url_refused`, or `not_found` when the object is gone. */
  async open(url: {
    key: string;
    expires: string;
    signature: string;
  }): Promise<{ body: Uint8Array; info: ObjectInfo }> {
    if (!fileUrlHolds(this.signingKey, url)) throw new Problem('file_url_refused');
    const [info, body] = await Promise.all([this.storage.head(url.key), this.storage.get(url.key)]);
    if (!info || !body) throw new Problem('not_found');
    return { info, body };
  }
}
