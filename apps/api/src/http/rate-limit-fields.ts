import type { Response } from 'express';
import type { LimitState } from '@app/common/limits/limit-reached.js';

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, structured fields). */
export const rateLimitFields = ({ policy, quota, unit, windowS, remaining, resetS }: LimitState) => ({
  'ratelimit-policy': [
    `"${policy}"`,
    `q=${Math.floor(quota)}`,
    ...(unit === undefined ? [] : [`qu="${unit}"`]),
    ...(windowS === null ? [] : [`w=${windowS}`]),
  ].join(';'),
  ratelimit: `"${policy}";r=${Math.floor(remaining)};t=${resetS}`,
});

/** Tells how limits stand. Added, not set: one of the request's own stands there already. */
export function tellLimits(response: Response, limits: readonly LimitState[]): void {
  for (const limit of limits) {
    for (const [name, value] of Object.entries(rateLimitFields(limit))) response.append(name, value);
  }
}
