import { UnrecoverableError } from 'bullmq';
import { ServiceError } from '@app/common/errors.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import { inSpan, SpanKind } from '@app/common/telemetry/tracing.js';
import type { DeadLetters } from '@app/common/webhooks/dead-letters.js';
import type { DeliveryAttempt, DeliveryLog, DeliveryOutcome } from '@app/common/webhooks/delivery-log.js';
import { parseEntry, type Delivery } from '@app/common/webhooks/outbox.js';
import { webhookId } from '@app/common/webhooks/webhook-message.js';
import type { OutputCopier } from './output-copier.js';
import type { WebhookSender } from './webhook-sender.js';

interface DeliveryParts {
  jobs: JobStore;
  log: Pick<DeliveryLog, 'record'>;
  deadLetters: DeadLetters;
  webhooks: WebhookSender;
  copier: OutputCopier;
}

/** Delivers what an outbox entry names, and leaves a trace of how that went. */
export class DeliverySender {
  constructor(private readonly parts: DeliveryParts) {}

  /**
   * Makes one attempt and logs it. Throws when another one shall follow, and BullMQ's UnrecoverableError when none can
   * help or this was the last.
   */
  async send(entry: string, attempt: { number: number; isLast: boolean; isReplay: boolean }): Promise<void> {
    const owed = parseEntry(entry);
    const record = owed && (await this.parts.jobs.get(owed.jobId));
    // The document outlives the last attempt by far, unless somebody shortened its life.
    if (!owed || owed.kind === 'refund' || !record) throw new UnrecoverableError(`nothing to send for ${entry}`);
    const at = Date.now();
    const { number, isLast, isReplay } = attempt;
    try {
      const outcome = await this.attempt(owed, record, entry);
      await this.record(owed, record, { entry, at, attempt: number, ...outcome });
      if (isReplay && outcome.outcome === 'delivered') await this.parts.deadLetters.remove(record.tenant, entry);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const over = isLast || !error.retryable;
      const status = 'status' in error && typeof error.status === 'number' ? error.status : null;
      const outcome: DeliveryOutcome = { outcome: over ? 'abandoned' : 'failed', status, error: error.message };
      await this.record(owed, record, { entry, at, attempt: number, ...outcome });
      throw over ? new UnrecoverableError(error.message) : error;
    }
  }

  private attempt(owed: Delivery, record: JobRecord, entry: string): Promise<DeliveryOutcome> {
    const name = owed.kind === 'webhook' ? `webhook ${owed.event}` : 'copy image';
    const trace = { parent: record.traceparent ?? undefined, kind: SpanKind.CLIENT, attributes: { job: record.id } };
    return inSpan(name, trace, () =>
      owed.kind === 'webhook'
        ? this.parts.webhooks.send(record, entry, owed.event)
        : this.parts.copier.copy(record, owed.index),
    );
  }

  private async record(
    owed: Delivery,
    { id, tenant }: JobRecord,
    attempt: Pick<DeliveryAttempt, 'entry' | 'at' | 'attempt'> & DeliveryOutcome,
  ): Promise<void> {
    const { jobs, log, deadLetters } = this.parts;
    const { entry, at, outcome, status, error } = attempt;
    if (owed.kind === 'copy') {
      const state = outcome === 'delivered' ? 'copied' : outcome === 'failed' ? 'pending' : 'failed';
      await jobs.recordCopy(id, owed.index, { state, status, error });
    }
    await log.record(id, {
      id: webhookId(entry),
      event: owed.kind === 'webhook' ? owed.event : 'output.copy',
      index: owed.kind === 'copy' ? owed.index : null,
      durationMs: Date.now() - at,
      ...attempt,
    });
    // Progress that came late is worth nothing.
    const worthReplay = owed.kind === 'copy' || owed.event !== 'job.progress';
    if (outcome === 'abandoned' && worthReplay) await deadLetters.add(tenant, entry);
  }
}
