import { HttpException } from '@nestjs/common';
import { ServiceError } from '@app/common/errors.js';
import { LimitReached } from '@app/common/limits/limit-reached.js';
import { isProblemCode, Problem, type ProblemCode } from './problems.js';
import { rateLimitFields } from './rate-limit-fields.js';
import { isRedisOutage } from './redis-outage.js';

const frameworkCodes: Record<number, ProblemCode> = {
  400: 'invalid_json',
  404: 'not_found',
  413: 'body_too_large',
  415: 'unsupported_media_type',
};

/** Whatever a request ended with, as a problem. What is not foreseen is named to nobody. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ServiceError && isProblemCode(error.code)) {
    const limit = error instanceof LimitReached ? rateLimitFields(error.limit) : {};
    const delay = error.retryable ? retryAfter(retryDelayMs(error)) : {};
    return new Problem(error.code, error.message, {}, { ...limit, ...delay });
  }
  if (isRedisOutage(error)) return new Problem('redis_unavailable', undefined, {}, retryAfter(1_000));
  const code = frameworkCodes[frameworkStatus(error) ?? 500];
  return new Problem(code ?? 'internal_error');
}

const retryAfter = (ms: number): Record<string, string> => ({
  'retry-after': String(Math.max(1, Math.ceil(ms / 1000))),
});

const retryDelayMs = (error: ServiceError): number =>
  'retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 1_000;

/** Nest's own exceptions, and the body parser's errors, which carry a status. */
function frameworkStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
