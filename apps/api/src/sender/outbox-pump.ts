import type { Redis } from 'ioredis';
import type { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { Outbox, parseEntry } from '@app/common/webhooks/outbox.js';
import { retryDelaysMs } from '@app/common/webhooks/retry-schedule.js';

/** Moves the outbox entries of a model to the deliveries queue: add first, remove then, so that none is lost between. */
export class OutboxPump {
  private readonly outbox: Outbox;

  constructor(
    redis: Redis,
    model: string,
    private readonly deliveries: DeliveryQueue,
  ) {
    this.outbox = new Outbox(redis, model);
  }

  /** Moves all entries that are due. */
  async pump(): Promise<void> {
    for (;;) {
      const entries = await this.outbox.lease();
      if (entries.length === 0) return;
      await Promise.all(entries.map((entry) => this.deliveries.add(entry, attemptsOf(entry))));
      await this.outbox.remove(entries);
    }
  }
}

/** Progress is not sent again: the next report says more. */
const attemptsOf = (entry: string): number =>
  parseEntry(entry)?.event === 'job.progress' ? 1 : retryDelaysMs.length + 1;
