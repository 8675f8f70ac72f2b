const maxWaitSeconds = 60;

/**
 * Seconds of a `Prefer: wait=N` header (RFC 7240), at most 60; 0 without one. Preferences that are not understood are
 * ignored, as the RFC asks.
 */
export function preferredWaitSeconds(header: string | undefined): number {
  for (const preference of (header ?? '').split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:;|$)/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), maxWaitSeconds);
  }
  return 0;
}
