import { Queue, Worker, type JobsOptions, type Processor } from 'bullmq';
import type { Redis } from 'ioredis';
import type { DeliveryAttempt } from '../webhooks/delivery-log.js';
import { lockMs } from './model-queue.js';
import { deliveryQueueName, deliveryQueuePrefix } from './queue-names.js';

/** A webhook to be sent: an entry of a model's outbox. */
export interface Delivery {
  version: 1;
  entry: string;
  /** Attempts that were made before it came here; default 0. */
  tried?: number;
  /** Asked for by the client: the entry may be a dead letter. */
  replay?: true;
}

/** How often an entry is tried from now on, how often it was before, and how long it waits. */
export interface OwedDelivery {
  entry: string;
  attempts: number;
  tried?: number;
  delayMs?: number;
}

/** The queue between outbox and endpoints: it spaces the attempts out over days. */
export class DeliveryQueue {
  private opened: Queue<Delivery, null, 'delivery'> | null = null;

  constructor(private readonly connection: Redis) {}

  /** All or none, in one call. Adding an entry that is there already changes nothing. */
  async add(owed: readonly OwedDelivery[]): Promise<void> {
    if (owed.length === 0) return;
    await this.queue().addBulk(
      owed.map(({ entry, attempts, tried, delayMs: delay = 0 }) => ({
        name: 'delivery',
        data: { version: 1, entry, ...(tried !== undefined && { tried }) },
        opts: { ...optionsOf(entry, attempts), delay },
      })),
    );
  }

  /**
   * Sends an entry again: ends its wait for the next attempt, or adds it once more. Asked twice after the same attempt, it
   * is sent once.
   */
  async sendNow({ entry, at }: Pick<DeliveryAttempt, 'entry' | 'at'>, attempts: number): Promise<void> {
    const waiting = await this.queue().getJob(entry);
    if (waiting && (await waiting.isDelayed())) return waiting.promote();
    // An id of its own: an attempt is logged a moment before its job leaves the queue, which would refuse the same id.
    const options = optionsOf(`${entry}.replay.${at}`, attempts);
    await this.queue().add('delivery', { version: 1, entry, replay: true }, options);
  }

  /** Starts sending. An error of `processor` is a failed attempt; `backoff` says how long to wait after it. */
  process(
    processor: Processor<Delivery, null, 'delivery'>,
    concurrency: number,
    backoff: (failedAttempts: number, error: Error | undefined) => number,
  ): Worker<Delivery, null, 'delivery'> {
    const worker = new Worker<Delivery, null, 'delivery'>(deliveryQueueName, processor, {
      connection: this.connection,
      prefix: deliveryQueuePrefix,
      concurrency,
      // Renewed while an attempt runs; what a dead sender had in hand goes on after it.
      lockDuration: lockMs,
      stalledInterval: 5_000,
      maxStalledCount: 20,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      settings: {
        backoffStrategy: (failedAttempts, _type, error, job) =>
          backoff(failedAttempts + ((job?.data as Delivery | undefined)?.tried ?? 0), error),
      },
    });
    worker.on('error', () => undefined);
    return worker;
  }

  /** Deliveries that wait for an attempt. */
  pending(): Promise<number> {
    return this.queue().getJobCountByTypes('waiting', 'delayed');
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  private queue(): Queue<Delivery, null, 'delivery'> {
    if (this.opened) return this.opened;
    const { connection } = this;
    const queue = new Queue<Delivery, null, 'delivery'>(deliveryQueueName, {
      connection,
      prefix: deliveryQueuePrefix,
      skipMetasUpdate: true,
    });
    queue.on('error', () => undefined);
    this.opened = queue;
    // A queue that met no Redis when it was made refuses every call for good: the next call makes another.
    queue.waitUntilReady().catch(() => (this.opened = null));
    return queue;
  }
}

const optionsOf = (jobId: string, attempts: number): JobsOptions => ({
  jobId,
  attempts,
  backoff: { type: 'custom' },
});
