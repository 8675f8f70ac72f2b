import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import type { DeliveryOutcome } from '@app/common/webhooks/delivery-log.js';
import { DeliveryFailed, DestinationRefused, type OutgoingClient } from '@app/common/webhooks/outgoing-client.js';

const timeoutMs = 120_000;
/** Of the statuses that blame the request, those that may pass. A signature that has expired stays so. */
const passing = [408, 425, 429];

/**
 * Copies an image to the presigned PUT URL that its job came with. Workers cannot: they reach Redis and storage alone. A
 * PUT that is repeated writes the same bytes again.
 */
export class OutputCopier {
  constructor(
    private readonly client: OutgoingClient,
    private readonly storage: Pick<ObjectStorage, 'get'>,
  ) {}

  /** Throws DeliveryFailed, DestinationRefused or StorageUnavailable. */
  async copy(record: JobRecord, index: number): Promise<DeliveryOutcome> {
    const url = record.putUrls[index];
    const image = record.images[index];
    if (url === undefined || !image) throw new DestinationRefused('the job has no image with this index');
    const body = await this.storage.get(image.key);
    if (!body) throw new DestinationRefused('the image is no longer in storage');
    try {
      const headers = { 'content-type': `image/${image.format}` };
      const status = await this.client.send(url, { method: 'PUT', headers, body, timeoutMs });
      return { outcome: 'delivered', status, error: null };
    } catch (error) {
      if (!(error instanceof DeliveryFailed) || error.status === null) throw error;
      if (error.status < 400 || error.status >= 500 || passing.includes(error.status)) throw error;
      throw new DestinationRefused(error.message, error.status);
    }
  }
}
