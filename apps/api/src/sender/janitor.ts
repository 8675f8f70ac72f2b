import type { Redis } from 'ioredis';
import type { JobStore } from '@app/common/jobs/job-store.js';
import { JobUpkeep } from '@app/common/jobs/job-upkeep.js';
import { QueueRebase } from '@app/common/jobs/queue-rebase.js';
import { manualWorker, type ModelQueues } from '@app/common/queue/model-queue.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import { repeat } from './repeat.js';

const watchEveryMs = 1_000;
const reconcileEveryMs = 30_000;

/** Keeps one model's queue true, with or without workers of that model. Two janitors do no harm. */
export class Janitor {
  private readonly upkeep: JobUpkeep;
  private readonly rebase: QueueRebase;
  /** Never fetches: it only gives the jobs of dead workers back to the queue. */
  private readonly orphanChecker: ReturnType<typeof manualWorker>;

  constructor(
    redis: Redis,
    jobs: JobStore,
    queues: ModelQueues,
    model: string,
    private readonly storage: Pick<ObjectStorage, 'delete'>,
    private readonly onError: (error: unknown) => void,
  ) {
    this.upkeep = new JobUpkeep(redis, jobs, queues, model);
    this.rebase = new QueueRebase(redis, queues, model);
    this.orphanChecker = manualWorker(model, redis);
    this.orphanChecker.on('error', onError);
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.orphanChecker.startStalledCheckTimer();
    await Promise.all([
      repeat(watchEveryMs, signal, () => this.watch(), this.onError),
      repeat(reconcileEveryMs, signal, () => this.reconcile(), this.onError),
    ]);
    await this.orphanChecker.close();
  }

  private async watch(): Promise<void> {
    await this.upkeep.settleDue();
    await this.upkeep.addUnqueued();
  }

  private async reconcile(): Promise<void> {
    await this.upkeep.requeueLost();
    await this.upkeep.removeFinished();
    await this.rebase.run();
    await this.upkeep.tidy();
    await this.upkeep.cleanIndexes();
    // Last: without the storage, the rest is done all the same.
    await this.upkeep.discardLeftovers(this.storage);
  }
}
