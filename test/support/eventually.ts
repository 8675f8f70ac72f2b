import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: a condition that comes true ends the wait at once, on however busy a machine. */
const patienceMs = 90_000;

/** Waits until `look` gives something, and returns that. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  timeoutMs = patienceMs,
): Promise<Exclude<T, null | undefined | false>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found as Exclude<T, null | undefined | false>;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${look.toString()}`);
    await sleep(20);
  }
}
