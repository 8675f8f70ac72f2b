import { setTimeout as sleep } from 'node:timers/promises';
import { StorageUnavailable } from '@app/common/storage/object-storage.js';

/** How long the storage may be away before a job fails for it; its images wait in memory. */
const patienceMs = 60_000;
const retryDelayMs = { first: 500, max: 5_000 };

/** Tries again while the storage is away. Throws the last StorageUnavailable, or the signal's reason. */
export async function withPatience<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = Date.now() + patienceMs;
  for (let delayMs = retryDelayMs.first; ; delayMs = Math.min(2 * delayMs, retryDelayMs.max)) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StorageUnavailable) || Date.now() + delayMs > until) throw error;
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
