import type { Redis } from 'ioredis';
import type { JobStore } from '@app/common/jobs/job-store.js';
import type { GpuQuota } from '@app/common/limits/gpu-quota.js';
import type { DeliveryQueue, OwedDelivery } from '@app/common/queue/delivery-queue.js';
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
      await this.settle(entries);
      await this.outbox.remove(entries);
    }
  }

  private async settle(entries: readonly string[]): Promise<void> {
    const refunds: string[] = [];
    const deliveries: OwedDelivery[] = [];
    for (const entry of entries) {
      const owed = parseEntry(entry);
      // Progress is not sent again: the next report says more.
      const isProgress = owed?.kind === 'webhook' && owed.event === 'job.progress';
      if (owed?.kind === 'refund') refunds.push(owed.jobId);
      else deliveries.push({ entry, attempts: isProgress ? 1 : this.parts.attempts });
    }
    await Promise.all([this.parts.deliveries.add(deliveries), ...refunds.map((jobId) => this.refund(jobId))]);
  }

  private async refund(jobId: string): Promise<void> {
    const { jobs, quota } = this.parts;
    const record = await jobs.get(jobId);
    if (record) await quota.refund(record.tenant, record.id);
  }
}
