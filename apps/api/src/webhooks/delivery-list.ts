import { z } from 'zod';
import type { DeadLetter } from '@app/common/webhooks/dead-letters.js';
import { DeliveryAttempt } from '@app/common/webhooks/delivery-log.js';
import { parseEntry } from '@app/common/webhooks/outbox.js';
import { webhookId } from '@app/common/webhooks/webhook-message.js';

const { id, event, index, attempt, outcome, status, error } = DeliveryAttempt.shape;

const delivery = {
  id: id.describe('`webhook-id`, the same over all attempts and replays'),
  event,
  index: index.describe('Of the image, for `output.copy`'),
};

/** Answer of `GET /v1/jobs/{id}/deliveries`: every attempt, oldest first. */
export const DeliveryList = z
  .object({
    deliveries: z.array(
      z.object({
        ...delivery,
        attempt,
        at: z.iso.datetime(),
        outcome,
        status: status.describe('HTTP status; null when no answer came'),
        error,
        duration_ms: z.number(),
      }),
    ),
  })
  .meta({ id: 'DeliveryList' });
export type DeliveryList = z.infer<typeof DeliveryList>;

export const toDeliveryList = (attempts: readonly DeliveryAttempt[]): DeliveryList => ({
  deliveries: attempts.map(({ id, event, index, attempt, at, outcome, status, error, durationMs }) => ({
    id,
    event,
    index,
    attempt,
    at: new Date(at).toISOString(),
    outcome,
    status,
    error,
    duration_ms: durationMs,
  })),
});

/** Answer of a replay: what is sent again. */
export const Delivery = z.object(delivery).meta({ id: 'Delivery' });
export type Delivery = z.infer<typeof Delivery>;

/** Answer of `GET /v1/dead-letters`: what was given up, newest first. */
export const DeadLetterList = z
  .object({ dead_letters: z.array(z.object({ job: z.string(), ...delivery, at: z.iso.datetime() })) })
  .meta({ id: 'DeadLetterList' });
export type DeadLetterList = z.infer<typeof DeadLetterList>;

export const toDeadLetterList = (letters: readonly DeadLetter[]): DeadLetterList => ({
  dead_letters: letters.flatMap(({ entry, at }) => {
    const owed = parseEntry(entry);
    if (!owed || owed.kind === 'refund') return [];
    const what =
      owed.kind === 'copy' ? { event: 'output.copy' as const, index: owed.index } : { event: owed.event, index: null };
    return [{ job: owed.jobId, id: webhookId(entry), ...what, at: new Date(at).toISOString() }];
  }),
});
