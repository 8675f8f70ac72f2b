import type { Redis } from 'ioredis';
import { isTerminal, type JobState } from '../contracts/job-states.js';
import { ModelQueues } from '../queue/model-queue.js';
import type { ObjectStorage } from '../storage/object-storage.js';
import { ModelKeys } from './model-keys.js';
import { deleteResults } from './result-keys.js';
import type { JobStore } from './job-store.js';
import { requeue } from './scripts/requeue.lua.js';
import { settle } from './scripts/settle.lua.js';
import { tidy } from './scripts/tidy.lua.js';

const batchSize = 200;
/** Longer than an API process needs between accepting a job and adding it. */
const unqueuedAfterMs = 5_000;

/**
 * What keeps one model's records true whatever dies between two steps. Each duty may run in several processes at once and
 * be broken off anywhere; it returns how many jobs it changed.
 */
export class JobUpkeep {
  private readonly keys: ModelKeys;

  constructor(
    private readonly redis: Redis,
    private readonly store: JobStore,
    private readonly queues: ModelQueues,
    private readonly model: string,
  ) {
    this.keys = new ModelKeys(model);
  }

  /** Ends jobs past their deadline, and cancelled ones that no worker ended. */
  async settleDue(): Promise<number> {
    let settled = 0;
    const ids = await this.redis.zrangebyscore(this.keys.due, '-inf', await this.now(), 'LIMIT', 0, batchSize);
    for (const id of ids) {
      if ((await settle.run(this.redis, this.keys.ofJob(id), [id])) === '') continue;
      await this.queues.remove(this.model, id);
      settled += 1;
    }
    return settled;
  }

  /** Adds jobs whose API process died between accepting and adding. */
  async addUnqueued(): Promise<number> {
    const before = (await this.now()) - unqueuedAfterMs;
    const ids = await this.redis.zrangebyscore(this.keys.unqueued, '-inf', before, 'LIMIT', 0, batchSize);
    for (const id of ids) await this.store.enqueue(id);
    return ids.length;
  }

  /** Lists open jobs that BullMQ has lost to be added again. */
  async requeueLost(): Promise<number> {
    let lost = 0;
    for await (const ids of this.openIds()) {
      // One command for a page: a million jobs may wait, and BullMQ has lost none of them.
      if ((await this.redis.exists(ids.map((id) => this.keys.queued(id)))) === ids.length) continue;
      for (const id of ids) {
        lost += Number(await requeue.run(this.redis, this.keys.ofJob(id)));
      }
    }
    return lost;
  }

  /** Takes jobs out of BullMQ that are over: a worker died between commit and completion, or a cancel met a lock. */
  async removeFinished(): Promise<number> {
    const queued = await this.queues.of(this.model).getJobs(['waiting', 'prioritized', 'delayed'], 0, batchSize, true);
    let removed = 0;
    for (const job of queued) {
      const id = job.id ?? '';
      const state = (await this.redis.hget(this.keys.job(id), 'state')) as JobState | null;
      if (state !== null && !isTerminal(state)) continue;
      if (await this.queues.remove(this.model, id)) removed += 1;
    }
    return removed;
  }

  /**
   * Deletes what attempts left in storage of jobs that then ended without a result: a killed worker could not, and one that
   * handed its job back must not. Throws StorageUnavailable.
   */
  async discardLeftovers(storage: Pick<ObjectStorage, 'delete'>): Promise<number> {
    const ids = await this.redis.zrangebyscore(this.keys.leftovers, '-inf', await this.now(), 'LIMIT', 0, batchSize);
    for (const id of ids) {
      const record = await this.store.get(id);
      if (record) await deleteResults(storage, record);
      await this.redis.zrem(this.keys.leftovers, id);
    }
    return ids.length;
  }

  /** Recounts the backlog and drops what the fair queue no longer needs. */
  async tidy(): Promise<void> {
    await tidy.run(this.redis, [this.keys.open, this.keys.backlog, this.keys.fair]);
  }

  /** Takes jobs whose document has expired out of their tenants' indexes, oldest first. */
  async cleanIndexes(): Promise<number> {
    let cleaned = 0;
    for (const tenant of await this.redis.hkeys(this.keys.tenants)) {
      const index = this.keys.index(tenant);
      let oldest: string[];
      let expired: string[];
      do {
        oldest = await this.redis.zrangebylex(index, '-', '+', 'LIMIT', 0, batchSize);
        const exists = await Promise.all(oldest.map((id) => this.redis.exists(this.keys.job(id))));
        expired = oldest.filter((_, i) => exists[i] === 0);
        if (expired.length > 0) cleaned += await this.redis.zrem(index, ...expired);
        // They expire in about the order in which they were made.
      } while (expired.length > 0 && expired.length === oldest.length);
    }
    return cleaned;
  }

  /** Pages of open jobs' ids; none is empty. */
  private async *openIds(): AsyncGenerator<string[]> {
    let cursor = '0';
    do {
      const [next, members] = await this.redis.zscan(this.keys.open, cursor, 'COUNT', batchSize);
      cursor = next;
      const ids = members.filter((_, i) => i % 2 === 0);
      if (ids.length > 0) yield ids;
    } while (cursor !== '0');
  }

  /** Redis' own time, in ms: the scripts' scores are made from it. */
  private async now(): Promise<number> {
    const [seconds = 0, micros = 0] = (await this.redis.time()).map(Number);
    return seconds * 1000 + Math.floor(micros / 1000);
  }
}
