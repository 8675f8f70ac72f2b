import type { Redis } from 'ioredis';
import type { manualWorker } from '@app/common/queue/model-queue.js';

/** What BullMQ calls by its timer only. */
interface StalledChecker {
  moveStalledJobsToWait(): Promise<void>;
}

/**
 * BullMQ's own check of stalled jobs, with the worker's own settings, now instead of by its timer: a job in some worker's
 * hands without a lock goes back to the queue.
 */
export async function recoverStalled(
  redis: Redis,
  model: string,
  worker: ReturnType<typeof manualWorker>,
): Promise<void> {
  // The first look marks what has no lock, the second takes it back; each is due only once in a while.
  for (let look = 0; look < 2; look++) {
    await redis.del(`{zq:${model}}:jobs:stalled-check`);
    await (worker as unknown as StalledChecker).moveStalledJobsToWait();
  }
}
