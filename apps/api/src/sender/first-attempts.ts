import { UnrecoverableError } from 'bullmq';
import { ServiceError } from '@app/common/errors.js';
import type { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import type { Outbox } from '@app/common/webhooks/outbox.js';
import type { DeliverySender } from './delivery.js';

/** As many as the deliveries queue runs beside them. */
const slots = 50;

interface AttemptParts {
  sender: Pick<DeliverySender, 'send'>;
  deliveries: Pick<DeliveryQueue, 'add'>;
  /** Wait before the second attempt. */
  retryAfterMs: (error: ServiceError) => number;
  /** Of an attempt that could be neither made nor put off: its entry comes again when the lease is over. */
  onError: (error: unknown) => void;
}

/**
 * First attempts to deliver webhooks, straight from the outbox and within its lease: nearly all succeed, and the way through the
 * deliveries queue costs Redis more than everything else that is done for a webhook (decision 0026). What fails goes on there.
 */
export class FirstAttempts {
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly parts: AttemptParts) {}

  /** Free slots, as soon as half of them are; 0 when slow endpoints hold more than that for longer than `patienceMs`. */
  async room(patienceMs: number): Promise<number> {
    const until = Date.now() + patienceMs;
    while (this.underWay.size > slots / 2) {
      const timedOut = await this.oneEnds(until - Date.now());
      if (timedOut) return 0;
    }
    return slots - this.underWay.size;
  }

  /** Attempts an entry that was leased from this outbox, once of `attempts` times, and takes it off when that is seen to. */
  begin(entry: string, attempts: number, outbox: Pick<Outbox, 'remove'>): void {
    const attempt = this.attempt(entry, attempts, outbox)
      .catch(this.parts.onError)
      .finally(() => this.underWay.delete(attempt));
    this.underWay.add(attempt);
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private async attempt(entry: string, attempts: number, outbox: Pick<Outbox, 'remove'>): Promise<void> {
    const { sender, deliveries, retryAfterMs } = this.parts;
    try {
      // With its log, an attempt that succeeds takes its entry off the outbox.
      await sender.send(entry, { number: 1, isLast: attempts === 1, isReplay: false });
    } catch (error) {
      if (error instanceof ServiceError) {
        await deliveries.add([{ entry, attempts: attempts - 1, tried: 1, delayMs: retryAfterMs(error) }]);
      } else if (!(error instanceof UnrecoverableError)) {
        throw error;
      }
      await outbox.remove([entry]);
    }
  }

  private async oneEnds(withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, withinMs, true)));
    const timedOut = await Promise.race([...[...this.underWay].map((attempt) => attempt.then(() => false)), timeout]);
    clearTimeout(timer);
    return timedOut;
  }
}
