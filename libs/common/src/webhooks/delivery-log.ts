import type { Redis } from 'ioredis';
import { z } from 'zod';
import { webhookEvents } from '../contracts/job-states.js';
import { modelOfJob } from '../jobs/job-id.js';
import { ModelKeys } from '../jobs/model-keys.js';
import { logAttempt } from './log-attempt.lua.js';

/** `abandoned`: the last attempt failed, or none can help. `disabled`: the endpoint had answered 410 Gone. */
const deliveryOutcomes = ['delivered', 'failed', 'abandoned', 'disabled'] as const;

/** One attempt to deliver one webhook, or to copy one image. */
export const DeliveryAttempt = z.strictObject({
  /** `webhook-id`, the same over all attempts and replays. */
  id: z.string(),
  /** The outbox entry, from which the delivery can be made again. */
  entry: z.string(),
  event: z.enum([...webhookEvents, 'output.copy']),
  /** Of the image that is copied; null for webhooks. */
  index: z.int().nullable(),
  attempt: z.int(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  outcome: z.enum(deliveryOutcomes),
  status: z.int().nullable(),
  error: z.string().nullable(),
  durationMs: z.number(),
});
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;
/** How an attempt ended. */
export type DeliveryOutcome = Pick<DeliveryAttempt, 'outcome' | 'status' | 'error'>;

const maxAttempts = 200;
const keepMs = 7 * 24 * 3600 * 1000;

/** The attempts to deliver what a job owes, oldest first; kept a week from the last one on. */
export class DeliveryLog {
  constructor(private readonly redis: Redis) {}

  /** Also takes the entry off the outbox, where it may still be, when nothing is left to do for it. */
  async record(jobId: string, attempt: DeliveryAttempt): Promise<void> {
    const keys = keysOf(jobId);
    if (keys === null) return;
    const isSettled = attempt.outcome === 'delivered' || attempt.outcome === 'disabled';
    await logAttempt.run(
      this.redis,
      [keys.deliveries(jobId), keys.outbox],
      [JSON.stringify(attempt), maxAttempts, keepMs, isSettled ? attempt.entry : ''],
    );
  }

  async list(jobId: string): Promise<DeliveryAttempt[]> {
    const keys = keysOf(jobId);
    if (keys === null) return [];
    return (await this.redis.lrange(keys.deliveries(jobId), 0, -1)).map((json) =>
      DeliveryAttempt.parse(JSON.parse(json)),
    );
  }
}

function keysOf(jobId: string): ModelKeys | null {
  const model = modelOfJob(jobId);
  return model === null ? null : new ModelKeys(model);
}
