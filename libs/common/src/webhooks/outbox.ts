import type { Redis } from 'ioredis';
import { isWebhookEvent, type WebhookEvent } from '../contracts/job-states.js';
import { ModelKeys } from '../jobs/model-keys.js';
import { leaseOutbox } from '../jobs/scripts/lease-outbox.lua.js';

const leaseMs = 30_000;

/** What a model's jobs owe to others, written by the scripts that changed their state. */
export class Outbox {
  private readonly key: string;

  constructor(
    private readonly redis: Redis,
    model: string,
  ) {
    this.key = new ModelKeys(model).outbox;
  }

  /** So many due entries at most, for this caller alone for 30 s; those that are not removed by then come again. */
  async lease(limit: number): Promise<string[]> {
    return (await leaseOutbox.run(this.redis, [this.key], [limit, leaseMs])) as string[];
  }

  async remove(entries: readonly string[]): Promise<void> {
    if (entries.length > 0) await this.redis.zrem(this.key, ...entries);
  }
}

/** What is owed to a client: a webhook, or the copy of one image to its own storage. */
export type Delivery =
  { kind: 'webhook'; jobId: string; event: WebhookEvent } | { kind: 'copy'; jobId: string; index: number };

/** What is owed: a delivery, or GPU-seconds that go back to a tenant's quota. */
export type OutboxEntry = Delivery | { kind: 'refund'; jobId: string };

/** Reads `<job>.job.<event>` (for progress `.<step>` follows) `<job>.copy.<index>` and `<job>.refund`. Null for what no script wrote. */
export function parseEntry(entry: string): OutboxEntry | null {
  const [, refunded] = /^(job_.+)\.refund$/.exec(entry) ?? [];
  if (refunded !== undefined) return { kind: 'refund', jobId: refunded };
  const [, copied, index] = /^(job_.+)\.copy\.(\d+)$/.exec(entry) ?? [];
  if (copied !== undefined) return { kind: 'copy', jobId: copied, index: Number(index) };
  const [, jobId, event] = /^(job_.+)\.(job\.[a-z]+)(?:\.\d+)?$/.exec(entry) ?? [];
  return jobId !== undefined && event !== undefined && isWebhookEvent(event) ? { kind: 'webhook', jobId, event } : null;
}
