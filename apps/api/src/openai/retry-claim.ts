import type { Idempotency } from '@app/common/jobs/job-store.js';
import { fingerprintOf } from '../generations/fingerprint.js';
import { checkIdempotencyKey } from '../generations/idempotency-key.js';

/** Headers that say whether a call is a repetition. */
export interface RetryHeaders {
  idempotencyKey: string | undefined;
  /** `x-stainless-retry-count`: OpenAI's clients number their own attempts from 0. */
  retryCount: string | undefined;
}

/**
 * What makes a repetition find its job. OpenAI's clients repeat on 408, 409, 429, 5xx and time-outs without an idempotency
 * key, so the body stands for one: a first attempt takes the key for its new job, later ones find that job. The key has a
 * space, which no client's own may have. Undefined for callers that do not say what they repeat. Throws `validation_failed`.
 */
export function retryClaim(call: unknown, { idempotencyKey, retryCount }: RetryHeaders): Idempotency | undefined {
  checkIdempotencyKey(idempotencyKey);
  const fingerprint = fingerprintOf(call);
  if (idempotencyKey !== undefined) return { key: idempotencyKey, fingerprint };
  if (retryCount === undefined || !/^\d{1,3}$/.test(retryCount)) return undefined;
  return { key: `openai ${fingerprint}`, fingerprint, renew: Number(retryCount) === 0 };
}
