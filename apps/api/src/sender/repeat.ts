import { setTimeout as sleep } from 'node:timers/promises';

/** While Redis is away a duty fails at once: no faster than this, or the log fills with it. */
const afterErrorMs = 1000;

/** Runs a duty again and again until the signal aborts; an error is reported and does not end it. */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  duty: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = everyMs;
    try {
      await duty();
    } catch (error) {
      onError(error);
      pauseMs = Math.max(everyMs, afterErrorMs);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
