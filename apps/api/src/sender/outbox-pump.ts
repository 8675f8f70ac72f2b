import type { Redis } from 'ioredis';
import type { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { Outbox, parseEntry } from '@app/common/webhooks/outbox.js';

/** Moves the outbox entries of a model to the deliveries queue: add first, remove then, so that none is lost between. */
export class OutboxPump {
  private readonly outbox: Outbox;

  constructor(
    redis: Redis,
    model: string,
    private readonly deliveries: DeliveryQueue,
    /** How often a delivery is tried, progress apart. */
    private readonly attempts: number,
  ) {
    this.outbox = new Outbox(redis, model);
  }

  /** Moves all entries that are due. */
  async pump(): Promise<void> {
    for (;;) {
      const entries = await this.outbox.lease();
      if (entries.length === 0) return;
      await Promise.all(entries.map((entry) => this.deliveries.add(entry, this.attemptsOf(entry))));
      await this.outbox.remove(entries);
    }
  }

  /** Progress is not sent again: the next report says more. */
  private attemptsOf(entry: string): number {
    const owed = parseEntry(entry);
    return owed?.kind === 'webhook' && owed.event === 'job.progress' ? 1 : this.attempts;
  }
}
