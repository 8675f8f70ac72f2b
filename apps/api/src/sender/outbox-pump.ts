import type { Redis } from 'ioredis';
import type { JobStore } from '@app/common/jobs/job-store.js';
import type { GpuQuota } from '@app/common/limits/gpu-quota.js';
import type { DeliveryQueue, OwedDelivery } from '@app/common/queue/delivery-queue.js';
import { Outbox, parseEntry } from '@app/common/webhooks/outbox.js';
import type { FirstAttempts } from './first-attempts.js';

interface PumpParts {
  jobs: JobStore;
  deliveries: DeliveryQueue;
  firstAttempts: Pick<FirstAttempts, 'room' | 'begin'>;
  quota: GpuQuota;
  /** How often a delivery is tried, progress apart. */
  attempts: number;
}

const batchSize = 50;
/** Slow endpoints hold up the deliveries to others for no longer than this, once for all that are due. */
const roomPatienceMs = 1_000;

/**
 * Settles the outbox entries of a model: webhooks are attempted while there is room for first attempts, other deliveries go to
 * their queue, quotas are given back. First done, then removed, so that none is lost between; each may be done twice.
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

  /** Settles all entries that are due; first attempts may still be under way when it resolves. */
  async pump(): Promise<void> {
    for (let patienceMs = roomPatienceMs; ;) {
      const room = await this.parts.firstAttempts.room(patienceMs);
      if (room === 0) patienceMs = 0;
      const entries = await this.outbox.lease(room === 0 ? batchSize : Math.min(room, batchSize));
      if (entries.length === 0) return;
      await this.settle(entries, room > 0);
    }
  }

  private async settle(entries: readonly string[], hasRoom: boolean): Promise<void> {
    const { deliveries, firstAttempts, attempts } = this.parts;
    const refunds: string[] = [];
    const queued: OwedDelivery[] = [];
    const begun = new Set<string>();
    for (const entry of entries) {
      const owed = parseEntry(entry);
      // Progress is not sent again: the next report says more.
      const tries = owed?.kind === 'webhook' && owed.event === 'job.progress' ? 1 : attempts;
      if (owed?.kind === 'refund') {
        refunds.push(owed.jobId);
      } else if (owed?.kind === 'webhook' && hasRoom) {
        begun.add(entry);
        firstAttempts.begin(entry, tries, this.outbox);
      } else {
        // Copies too: they may take longer than a lease.
        queued.push({ entry, attempts: tries });
      }
    }
    await Promise.all([deliveries.add(queued), ...refunds.map((jobId) => this.refund(jobId))]);
    await this.outbox.remove(entries.filter((entry) => !begun.has(entry)));
  }

  private async refund(jobId: string): Promise<void> {
    const { jobs, quota } = this.parts;
    const record = await jobs.get(jobId);
    if (record) await quota.refund(record.tenant, record.id);
  }
}
