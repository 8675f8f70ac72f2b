import { createHash } from 'node:crypto';
import type { JobRecord, StoredImage, StoredPreview } from '@app/common/jobs/job-record.js';
import { deleteResults, previewKey, resultKey } from '@app/common/jobs/result-keys.js';
import { ObjectExists, type ObjectStorage } from '@app/common/storage/object-storage.js';
import type { EncodedImage, EncodedPreview } from '../engine-host/protocol.js';
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

  /** Uploads a preview, once: it is not worth waiting for. Throws StorageUnavailable. */
  async preview(record: JobRecord, index: number, step: number, image: EncodedPreview): Promise<StoredPreview> {
    const { bytes, width, height } = image;
    const key = previewKey(record, index, step);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    try {
      await this.storage.putIfAbsent(key, bytes, { contentType: 'image/jpeg', sha256 });
    } catch (error) {
      // An earlier attempt's shows the same.
      if (!(error instanceof ObjectExists)) throw error;
    }
    return { index, step, width, height, key };
  }

  /** Deletes all objects of a job that ended without a result. */
  async discard(record: JobRecord): Promise<void> {
    await deleteResults(this.storage, record);
  }
}

const describe = (record: JobRecord, index: number): Omit<StoredImage, 'key' | 'bytes' | 'sha256'> => ({
  index,
  seed: seedOf(record, index),
  width: record.request.width,
  height: record.request.height,
  format: record.request.output.format,
});
