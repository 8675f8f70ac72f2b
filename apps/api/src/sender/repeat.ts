import { setTimeout as sleep } from 'node:timers/promises';

/** Runs a duty again and again until the signal aborts; an error is reported and does not end it. */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  duty: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await duty();
    } catch (error) {
      onError(error);
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
