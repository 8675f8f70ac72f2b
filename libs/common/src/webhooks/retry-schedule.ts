const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits between the attempts to deliver a webhook, as Standard Webhooks advises. */
export const retryDelaysMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** The first one, and one after each wait. */
export const deliveryAttempts = retryDelaysMs.length + 1;

/** Up to a tenth more, so that endpoints that came back are not met by everything at once. */
const jitter = 0.1;
const maxRetryAfterMs = 24 * hour;

/** Wait after the given number of failed attempts. The receiver's Retry-After may lengthen it, never shorten it. */
export function retryDelay(
  failedAttempts: number,
  retryAfterMs: number | null,
  delaysMs: readonly number[] = retryDelaysMs,
  random: () => number = Math.random,
): number {
  const planned = delaysMs[Math.min(failedAttempts, delaysMs.length) - 1] ?? 0;
  return Math.round(Math.max(planned * (1 + jitter * random()), Math.min(retryAfterMs ?? 0, maxRetryAfterMs)));
}

/** The header's seconds or HTTP date as milliseconds from now; null when there is none or it makes no sense. */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const seconds = Number(header);
  const delayMs = Number.isFinite(seconds) ? seconds * second : Date.parse(header) - now;
  return Number.isFinite(delayMs) && delayMs >= 0 ? delayMs : null;
}
