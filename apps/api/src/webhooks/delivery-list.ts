import { z } from 'zod';
import { DeliveryAttempt } from '@app/common/webhooks/delivery-log.js';

const { id, event, attempt, outcome, status, error } = DeliveryAttempt.shape;

/** Answer of `GET /v1/jobs/{id}/deliveries`: every attempt, oldest first. */
export const DeliveryList = z
  .object({
    deliveries: z.array(
      z.object({
        id: id.describe('`webhook-id`, the same over all attempts'),
        event,
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
  deliveries: attempts.map(({ durationMs, at, ...attempt }) => ({
    ...attempt,
    at: new Date(at).toISOString(),
    duration_ms: durationMs,
  })),
});
