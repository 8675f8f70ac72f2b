import { Queue, Worker, type Processor } from 'bullmq';
import type { Redis } from 'ioredis';
import { deliveryQueueName, deliveryQueuePrefix } from './queue-names.js';

/** A webhook to be sent: an entry of a model's outbox. */
export interface Delivery {
  version: 1;
  entry: string;
}

/** The queue between outbox and endpoints: it spaces the attempts out over days. */
export class DeliveryQueue {
  private readonly queue: Queue<Delivery, null, 'delivery'>;

  constructor(
    private readonly connection: Redis,
    /** Given the number of failed attempts and the last one's error. */
    private readonly backoff: (failedAttempts: number, error: Error | undefined) => number,
  ) {
    this.queue = new Queue(deliveryQueueName, { connection, prefix: deliveryQueuePrefix, skipMetasUpdate: true });
    this.queue.on('error', () => undefined);
  }

  /** Adding an entry that is there already changes nothing. */
  async add(entry: string, attempts: number): Promise<void> {
    await this.queue.add(
      'delivery',
      { version: 1, entry },
      { jobId: entry, attempts, backoff: { type: 'custom' }, removeOnComplete: true, removeOnFail: true },
    );
  }

  /** Starts sending. An error of `processor` is a failed attempt. */
  process(processor: Processor<Delivery, null, 'delivery'>, concurrency: number): Worker<Delivery, null, 'delivery'> {
    const worker = new Worker<Delivery, null, 'delivery'>(deliveryQueueName, processor, {
      connection: this.connection,
      prefix: deliveryQueuePrefix,
      concurrency,
      // Longer than an attempt may take.
      lockDuration: 30_000,
      maxStalledCount: 20,
      settings: { backoffStrategy: (failedAttempts, _type, error) => this.backoff(failedAttempts, error) },
    });
    worker.on('error', () => undefined);
    return worker;
  }

  /** Deliveries that wait for an attempt. */
  pending(): Promise<number> {
    return this.queue.getJobCountByTypes('waiting', 'delayed');
  }

  async close(): Promise<void> {
    await this.queue.close();
  }
}
