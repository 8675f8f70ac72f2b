import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DeliveryLog } from '@app/common/webhooks/delivery-log.js';

/** What the sender tells of itself. */
export class SenderMetrics {
  private readonly attempts;
  private readonly duration;
  private readonly dutyErrors;

  constructor(registry: Registry, pending: () => Promise<number>) {
    const registers = [registry];
    this.attempts = new Counter({
      name: 'zimage_webhook_attempts_total',
      help: 'Webhook attempts by outcome: delivered, failed (to be tried again), abandoned, disabled (410 Gone)',
      labelNames: ['outcome'] as const,
      registers,
    });
    this.duration = new Histogram({
      name: 'zimage_webhook_attempt_duration_seconds',
      help: 'Time of a webhook attempt',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    });
    this.dutyErrors = new Counter({
      name: 'zimage_sender_duty_errors_total',
      help: "Failed runs of the sender's duties: outbox, orphans, deadlines, upkeep. Each is run again",
      registers,
    });
    new Gauge({
      name: 'zimage_webhook_pending',
      help: 'Deliveries that wait for their next attempt',
      registers,
      async collect() {
        this.set(await pending().catch(() => NaN));
      },
    });
  }

  /** A log that counts what is written to it. */
  watch(log: DeliveryLog): Pick<DeliveryLog, 'record'> {
    return {
      record: (jobId, attempt) => {
        this.attempts.inc({ outcome: attempt.outcome });
        this.duration.observe(attempt.durationMs / 1000);
        return log.record(jobId, attempt);
      },
    };
  }

  dutyFailed(): void {
    this.dutyErrors.inc();
  }
}
