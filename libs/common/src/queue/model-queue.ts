import { Queue, Worker, type Job, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueuedJob } from './queued-job.js';
import { jobQueueName, queuePrefix } from './queue-names.js';

export type BullJob = Job<QueuedJob, null, 'job'>;

export const lockMs = 10_000;

/**
 * One set for every process that fetches or checks: `maxStalledCount` is decided by whichever process checks, and its
 * default of 1 fails jobs after two kills or one long outage. `drainDelay` bounds how late a sleeping worker sees a job
 * that was handed back, for which BullMQ sets no marker.
 */
const workerOptions = {
  lockDuration: lockMs,
  stalledInterval: 5_000,
  maxStalledCount: 20,
  drainDelay: 1,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
} satisfies Partial<WorkerOptions>;

/** A BullMQ worker that runs nothing by itself: jobs are fetched by hand, or stalled ones only recovered. */
export const manualWorker = (model: string, connection: Redis): Worker<QueuedJob, null, 'job'> =>
  new Worker<QueuedJob, null, 'job'>(jobQueueName, null, {
    connection,
    prefix: queuePrefix(model),
    ...workerOptions,
    autorun: false,
  });

/** The BullMQ queues of all models over one connection. */
export class ModelQueues {
  private readonly byModel = new Map<string, Queue<QueuedJob, null, 'job'>>();

  constructor(private readonly connection: Redis) {}

  of(model: string): Queue<QueuedJob, null, 'job'> {
    let queue = this.byModel.get(model);
    if (!queue) {
      queue = new Queue<QueuedJob, null, 'job'>(jobQueueName, {
        connection: this.connection,
        prefix: queuePrefix(model),
        skipMetasUpdate: true,
        streams: { events: { maxLen: 1000 } },
      });
      // The connection's owner hears its errors; an emitter without a listener would end the process.
      queue.on('error', () => undefined);
      this.byModel.set(model, queue);
      // BullMQ asks Redis for its version once, and a queue whose question got no answer in time refuses every call for good.
      queue.waitUntilReady().catch(() => this.byModel.delete(model));
    }
    return queue;
  }

  /** Adding an id that is there already changes nothing. `place` is BullMQ's priority, 1 … 2,097,151. */
  async add(model: string, job: QueuedJob, place: number): Promise<void> {
    await this.of(model).add('job', job, { jobId: job.id, priority: place });
  }

  /** Takes a waiting job out. One that a worker holds stays: that worker's next script call ends it. */
  async remove(model: string, id: string): Promise<boolean> {
    return (await this.of(model).remove(id)) === 1;
  }

  /** Gives a job another place in line; calls are carried out in their order. One that is gone meanwhile is left alone. */
  async move(job: BullJob, place: number): Promise<void> {
    await job.changePriority({ priority: place }).catch((error: unknown) => {
      if (!isMissingJob(error)) throw error;
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.byModel.values()].map((queue) => queue.close()));
  }
}

const isMissingJob = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === -1;
