import { createHash } from 'node:crypto';
import type { JobRecord, StoredImage } from '@app/common/jobs/job-record.js';
import { resultKey, resultKeys } from '@app/common/jobs/result-keys.js';
import { ObjectExists, type ObjectStorage } from '@app/common/storage/object-storage.js';
import type { EncodedImage } from '../engine-host/protocol.js';
import { seedOf } from './image-request.js';
import { withPatience } from './storage-patience.js';

/** Puts images where clients find them. The key follows from job and index, so that no attempt can make a second object. */
export class Publisher {
  constructor(private readonly storage: ObjectStorage) {}

  /** What an earlier attempt of the job uploaded under this index, or null. Throws StorageUnavailable. */
  async adopt(record: JobRecord, index: number, signal: AbortSignal): Promise<StoredImage | null> {
    const key = resultKey(record, index);
    const found = await withPatience(() => this.storage.head(key), signal);
    return found && { ...describe(record, index), key, bytes: found.bytes, sha256: found.sha256 };
  }

  /**
   * Uploads an image unless there is one: then an earlier attempt won, or the reply of our own upload was lost, and the
   * object that is there counts. Throws StorageUnavailable.
   */
  async upload(record: JobRecord, index: number, image: EncodedImage, signal: AbortSignal): Promise<StoredImage> {
    const key = resultKey(record, index);
    const sha256 = createHash('sha256').update(image.bytes).digest('hex');
    const contentType = `image/${record.request.output.format}`;
    try {
      await withPatience(() => this.storage.putIfAbsent(key, image.bytes, { contentType, sha256 }), signal);
    } catch (error) {
      const winner = error instanceof ObjectExists ? await this.adopt(record, index, signal) : null;
      if (winner) return winner;
      throw error;
    }
    return { ...describe(record, index), key, bytes: image.bytes.length, sha256 };
  }

  /** Deletes all objects of a job that ended without a result. */
  async discard(record: JobRecord): Promise<void> {
    for (const key of resultKeys(record)) await this.storage.delete(key);
  }
}

const describe = (record: JobRecord, index: number): Omit<StoredImage, 'key' | 'bytes' | 'sha256'> => ({
  index,
  seed: seedOf(record, index),
  width: record.request.width,
  height: record.request.height,
  format: record.request.output.format,
});
