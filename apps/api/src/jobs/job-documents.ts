import { toJobDocument, type JobDocument } from '@app/common/jobs/job-document.js';
import type { JobRecord, StoredPreview } from '@app/common/jobs/job-record.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import type { PreviewDocument } from './job-event-data.js';

/** Jobs as clients get them: with URLs signed at this moment. */
export class JobDocuments {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly urlTtlSeconds: number,
  ) {}

  of(record: JobRecord): Promise<JobDocument> {
    return toJobDocument(record, (key) => this.storage.signedUrl(key, this.urlTtlSeconds));
  }

  async preview({ key, ...preview }: StoredPreview): Promise<PreviewDocument> {
    const { url, expiresAt } = await this.storage.signedUrl(key, this.urlTtlSeconds);
    return { ...preview, url, expires_at: expiresAt.toISOString() };
  }
}
