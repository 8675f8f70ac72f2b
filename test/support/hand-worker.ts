import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import sharp from 'sharp';
import type { JobRecord, StoredImage } from '@app/common/jobs/job-record.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { previewKey, resultKey } from '@app/common/jobs/result-keys.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { JobSource, type FetchedJob } from '@app/common/queue/job-source.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';

const previewSide = 64;

/** A worker without an engine, in the test's own process: every job's images are plain colours, made at once. */
export class HandWorker {
  private readonly jobs: JobStore;
  private readonly source: JobSource;
  private readonly ended: Promise<void>;

  private constructor(
    private readonly redis: Redis,
    private readonly storage: ObjectStorage,
    model: string,
  ) {
    this.jobs = new JobStore(redis, { models: [model] });
    this.source = new JobSource(redis, model, `hand-${model}`);
    this.ended = this.work();
  }

  static start(redisUrl: string, storage: ObjectStorage, model: string): HandWorker {
    return new HandWorker(workerConnection(redisUrl), storage, model);
  }

  async stop(): Promise<void> {
    await this.source.drain();
    await this.ended;
    await this.source.close();
    await this.jobs.close();
    this.redis.disconnect();
  }

  private async work(): Promise<void> {
    await this.source.open();
    for (let job = await this.source.next(); job; job = await this.source.next()) {
      const started = await this.jobs.start(job.id, job.fence, 'hand');
      const record = started.outcome === 'started' && (await this.jobs.get(job.id));
      if (record) await this.make(job, record);
      await this.source.complete(job);
    }
  }

  private async make({ id, fence }: FetchedJob, record: JobRecord): Promise<void> {
    const { n, steps, preview_every: every } = record.request;
    const indices = Array.from({ length: n }, (_, index) => index);
    for (let step = every; every > 0 && step < steps; step += every) {
      for (const index of indices) await this.preview(id, fence, record, index, step);
    }
    const images = await Promise.all(indices.map((index) => this.image(record, index)));
    await this.jobs.commit(id, fence, { state: 'succeeded', images });
  }

  private async preview(id: string, fence: number, record: JobRecord, index: number, step: number): Promise<void> {
    const key = previewKey(record, index, step);
    await this.put(key, await plain(previewSide, previewSide).jpeg().toBuffer(), 'image/jpeg');
    await this.jobs.preview(id, fence, { index, step, width: previewSide, height: previewSide, key });
  }

  private async image(record: JobRecord, index: number): Promise<StoredImage> {
    const { width, height, seed, output } = record.request;
    const key = resultKey(record, index);
    const bytes = await plain(width, height).toFormat(output.format).toBuffer();
    const sha256 = await this.put(key, bytes, `image/${output.format}`);
    return { index, seed: seed + index, width, height, format: output.format, bytes: bytes.length, sha256, key };
  }

  private async put(key: string, bytes: Buffer, contentType: string): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.storage.putIfAbsent(key, bytes, { contentType, sha256 });
    return sha256;
  }
}

const plain = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: 'teal' } });
