import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import { StorageUnavailable, type ObjectStorage } from '@app/common/storage/object-storage.js';
import type { GenerationService } from '../generations/generation-service.js';
import { bodyBytesOf } from '../http/body-bytes.js';
import { untilClosed } from '../http/client-signal.js';
import { Problem } from '../http/problems.js';
import { tellLimits } from '../http/rate-limit-fields.js';
import type { ServerSentEvent } from '../http/server-sent-events.js';
import { completedImage } from './image-events.js';
import { imagesAnswer, type ImagesAnswer } from './images-answer.js';
import type { ImagesCall } from './images-call.js';
import { PartialImages } from './partial-images.js';
import { retryClaim, type RetryHeaders } from './retry-claim.js';
import { streamAnswer } from './stream-answer.js';

/** OpenAI's Images API over the native one: a call is a job that the answer waits for. */
export class ImagesService {
  constructor(
    private readonly generations: GenerationService,
    private readonly storage: ObjectStorage,
    private readonly options: { waitSeconds: number; urlTtlSeconds: number },
  ) {}

  /**
   * Accepts the call's job and answers when it is over. A client that goes away, or whose time is up, leaves its job
   * running: its next attempt finds it. Throws problems.
   */
  async answer(call: ImagesCall, caller: Caller, headers: RetryHeaders, response: Response): Promise<void> {
    const signal = AbortSignal.any([untilClosed(response), AbortSignal.timeout(this.options.waitSeconds * 1000)]);
    const claim = retryClaim(call.ask, headers);
    const { record, limits } = await this.generations.accept(caller, call.ask, claim, bodyBytesOf(response.req));
    tellLimits(response, limits);
    response.location(`/v1/jobs/${record.id}`);
    if (call.stream) {
      await streamAnswer(response, (send) => this.stream(call, record, signal, send));
    } else {
      const ended = succeeded(await this.generations.settled(record, signal));
      response.json(imagesAnswer(ended, await this.dataOf(ended, call)));
    }
  }

  /** Each image: its partial images, if any were asked for, and itself. */
  private async stream(
    call: ImagesCall,
    record: JobRecord,
    signal: AbortSignal,
    send: (event: ServerSentEvent) => void,
  ): Promise<void> {
    const partials = new PartialImages(this.storage, record.request, call);
    const settled = await this.generations.settled(record, signal, async (preview) => {
      const event = await partials.eventOf(preview);
      if (event) send(event);
    });
    const ended = succeeded(settled);
    for (const { key } of ended.images) send(completedImage(call, ended, await this.base64Of(key)));
  }

  private dataOf({ images }: JobRecord, { responseFormat }: ImagesCall): Promise<ImagesAnswer['data']> {
    return Promise.all(
      images.map(async ({ key, seed }) =>
        responseFormat === 'url'
          ? { url: (await this.storage.signedUrl(key, this.options.urlTtlSeconds)).url, seed }
          : { b64_json: await this.base64Of(key), seed },
      ),
    );
  }

  private async base64Of(key: string): Promise<string> {
    const bytes = await this.storage.get(key);
    if (!bytes) throw new StorageUnavailable('an image of the finished job is not in the storage');
    return Buffer.from(bytes).toString('base64');
  }
}

function succeeded(record: JobRecord): JobRecord {
  switch (record.state) {
    case 'succeeded':
      return record;
    case 'failed':
      throw new Problem('job_failed', `${record.id}: ${record.error?.code}: ${record.error?.message}`);
    case 'canceled':
      throw new Problem('job_canceled', `${record.id} was canceled`);
    case 'expired':
      throw new Problem('job_expired', `${record.id} met its deadline`);
    default:
      throw new Problem('job_unfinished', `${record.id} is still ${record.state}: GET /v1/jobs/${record.id}`);
  }
}
