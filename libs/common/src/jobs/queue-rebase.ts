import type { Redis } from 'ioredis';
import type { ModelQueues } from '../queue/model-queue.js';
import { QueuedJob } from '../queue/queued-job.js';
import { fairPlace } from './fair-place.js';
import { ModelKeys } from './model-keys.js';
import { rebase } from './scripts/rebase.lua.js';

/** Half of the range of places, in places: far from its end, and rare. */
const defaultThreshold = 2 ** 20;
/** Longer than an API process that read the old base needs to add its job. */
const markerMs = 90_000;
const pageSize = 500;

/**
 * A model that never runs dry would use the range of BullMQ's priorities up. So the base of the places follows the virtual
 * time now and then, and the waiting jobs move to their new places while the queue goes on.
 */
export class QueueRebase {
  private readonly keys: ModelKeys;

  constructor(
    private readonly redis: Redis,
    private readonly queues: ModelQueues,
    private readonly model: string,
    private readonly threshold = defaultThreshold,
  ) {
    this.keys = new ModelKeys(model);
  }

  /** Rebases if it is time, and returns how many jobs moved. To be called again: adds in flight come to rest late. */
  async run(): Promise<number> {
    const due = await rebase.run(this.redis, [this.keys.fair, this.keys.rebasing], [this.threshold, markerMs]);
    if (due !== 1) return 0;
    let moved = 0;
    for (let inPass = -1; inPass !== 0; moved += inPass) inPass = await this.pass();
    return moved;
  }

  /** Moves what stands wrong, in ascending order, so that equal places keep their order; a page of moves in one go. */
  private async pass(): Promise<number> {
    const base = Number((await this.redis.hget(this.keys.fair, 'base')) ?? 0);
    let moved = 0;
    for (let at = 0; ; at += pageSize) {
      const page = await this.queues
        .of(this.model)
        .getJobs(['prioritized', 'delayed', 'active'], at, at + pageSize - 1, true);
      const moves = page.flatMap((job) => {
        const payload = QueuedJob.safeParse(job.data);
        // Another build's: that build moves it.
        if (!payload.success) return [];
        const place = fairPlace(payload.data.tag, base);
        return job.priority === place ? [] : [this.queues.move(job, place)];
      });
      await Promise.all(moves);
      moved += moves.length;
      if (page.length < pageSize) return moved;
    }
  }
}
