import { decodeTime } from 'ulid';
import type { Redis } from 'ioredis';
import { Script } from '../jobs/scripts/script.js';
import { LimitReached, type LimitState } from './limit-reached.js';

/** The tenant's GPU-seconds of this day do not hold the job. */
export class QuotaExceeded extends LimitReached {
  readonly code = 'quota_exceeded';
}

const dayMs = 24 * 3600 * 1000;
const keepMs = 2 * dayMs;

/**
 * A hash a tenant and day: `used`, and the cost of every job that counts, so that each is counted and given back once.
 *
 * KEYS: day. ARGV: job, cost, limit, life in ms. Returns [1 when it is reserved, used].
 */
const reserve = new Script(`
local used = tonumber(redis.call('HGET', KEYS[1], 'used') or 0)
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return { 1, tostring(used) } end
if used + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return { 0, tostring(used) } end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
used = redis.call('HINCRBYFLOAT', KEYS[1], 'used', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { 1, used }
`);

/** KEYS: day. ARGV: job. Returns 1, or 0 when nothing was reserved for it. */
const refund = new Script(`
local cost = redis.call('HGET', KEYS[1], ARGV[1])
if not cost then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HINCRBYFLOAT', KEYS[1], 'used', '-' .. cost)
return 1
`);

/**
 * GPU-seconds of each tenant a day (UTC), over all models; so its records lie outside the models' slots. A job is
 * reserved before it is accepted, and given back by the outbox when it ended unrun or by a fault of the service. A process
 * that dies between reserving and accepting costs the tenant that job's share of the day, never more.
 */
export class GpuQuota {
  constructor(private readonly redis: Redis) {}

  /** How the day's quota stands with the job. Doing it again for the same job changes nothing. Throws {@link QuotaExceeded}. */
  async reserve(tenant: string, jobId: string, cost: number, gpuSecondsPerDay: number): Promise<LimitState> {
    const [reserved, used] = (await reserve.run(
      this.redis,
      [dayKey(tenant, jobId)],
      [jobId, cost, gpuSecondsPerDay, keepMs],
    )) as [number, string];
    const remaining = Math.max(0, gpuSecondsPerDay - Number(used));
    const state = quotaState(gpuSecondsPerDay, remaining, timeOf(jobId));
    if (reserved === 1) return state;
    throw new QuotaExceeded(
      `the job needs ${cost.toFixed(1)} GPU-seconds; ${remaining.toFixed(1)} of ${gpuSecondsPerDay} are left today`,
      state,
    );
  }

  async refund(tenant: string, jobId: string): Promise<void> {
    await refund.run(this.redis, [dayKey(tenant, jobId)], [jobId]);
  }
}

const quotaState = (quota: number, remaining: number, now: number): LimitState => ({
  policy: 'gpu-seconds',
  unit: 'gpu-seconds',
  quota,
  windowS: dayMs / 1000,
  remaining,
  resetS: Math.ceil((dayMs - (now % dayMs)) / 1000),
});

/** The day is the job id's own, so that a refund after midnight finds what was reserved. */
const dayKey = (tenant: string, jobId: string): string =>
  `zq:quota:${tenant}:${new Date(timeOf(jobId)).toISOString().slice(0, 10)}`;

function timeOf(jobId: string): number {
  const [, ulid = ''] = jobId.split('_');
  return decodeTime(ulid);
}
