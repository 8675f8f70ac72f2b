import type { JobRecord, StoredPreview } from '@app/common/jobs/job-record.js';
import { convertPreview } from '@app/common/previews/convert-preview.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import type { ServerSentEvent } from '../http/server-sent-events.js';
import { partialImage } from './image-events.js';
import type { ImagesCall } from './images-call.js';

/** A job's previews as OpenAI's partial images, numbered from 0 for each image. */
export class PartialImages {
  private readonly counts = new Map<number, number>();

  constructor(
    private readonly storage: Pick<ObjectStorage, 'get'>,
    private readonly request: JobRecord['request'],
    private readonly call: Pick<ImagesCall, 'events' | 'partialImages'>,
  ) {}

  /**
   * The event of a preview. Null when its image has had as many as were asked for, which a second attempt of the job may
   * make again, and when it cannot be read: a partial image is a courtesy.
   */
  async eventOf({ index, key }: StoredPreview): Promise<ServerSentEvent | null> {
    const count = this.counts.get(index) ?? 0;
    if (count >= this.call.partialImages) return null;
    const jpeg = await this.storage.get(key).catch(() => null);
    if (!jpeg) return null;
    this.counts.set(index, count + 1);
    const bytes = await convertPreview(jpeg, this.request);
    return partialImage(this.call, this.request, bytes.toString('base64'), count);
  }
}
