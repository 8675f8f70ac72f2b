import type { Response } from 'express';

/** Aborts when the client goes away before its answer is complete. */
export function untilClosed(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
