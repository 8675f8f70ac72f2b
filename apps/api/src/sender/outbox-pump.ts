import type { Redis } from 'ioredis';
import type { JobStore } from '@app/common/jobs/job-store.js';
import type { GpuQuota } from '@app/common/limits/gpu-quota.js';
import type { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { Outbox, parseEntry } from '@app/common/webhooks/outbox.js';

interface PumpParts {
  jobs: JobStore;
  deliveries: DeliveryQueue;
  quota: GpuQuota;
  /** How often a delivery is tried, progress apart. */
  attempts: number;
}

/**
 * Settles the outbox entries of a model: deliveries go to their queue, quotas are given back. First done, then removed, so
 * that none is lost between; each may be done twice.
 */
export class OutboxPump {
  private readonly outbox: Outbox;

  constructor(
    redis: Redis,
    model: string,
    private readonly parts: PumpParts,
  ) {
    this.outbox = new Outbox(redis, model);
  }

  /** Settles all entries that are due. */
  async pump(): Promise<void> {
    for (;;) {
      const entries = await this.outbox.lease();
      if (entries.length === 0) return;
      await Promise.all(entries.map((entry) => this.settle(entry)));
      await this.outbox.remove(entries);
    }
  }

  private async settle(entry: string): Promise<void> {
    const { jobs, deliveries, quota, attempts } = this.parts;
    const owed = parseEntry(entry);
    if (owed?.kind === 'refund') {
      const record = await jobs.get(owed.jobId);
      if (record) await quota.refund(record.tenant, record.id);
    } else {
      // Progress is not sent again: the next report says more.
      const isProgress = owed?.kind === 'webhook' && owed.event === 'job.progress';
      await deliveries.add(entry, isProgress ? 1 : attempts);
    }
  }
}
