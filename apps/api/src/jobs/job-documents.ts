import { toJobDocument, type JobDocument } from '@app/common/jobs/job-document.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';

/** Jobs as clients get them: with URLs signed at this moment. */
export class JobDocuments {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly urlTtlSeconds: number,
  ) {}

  of(record: JobRecord): Promise<JobDocument> {
    return toJobDocument(record, (key) => this.storage.signedUrl(key, this.urlTtlSeconds));
  }
}
