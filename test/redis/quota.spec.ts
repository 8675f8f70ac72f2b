import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { JobStore } from '@app/common/jobs/job-store.js';
import { GpuQuota, QuotaExceeded } from '@app/common/limits/gpu-quota.js';
import { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { OutboxPump } from '../../apps/api/src/sender/outbox-pump.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis, atEnd } = await useRedis();

describe('the quota of GPU-seconds', () => {
  let deliveries: DeliveryQueue;
  let jobs: JobStore;
  let model: string;
  /** The jobs' clock. It goes forward alone: a process' job ids rise. */
  let now = Date.UTC(2030, 0, 1, 12);

  beforeAll(() => {
    deliveries = new DeliveryQueue(redis);
    atEnd(() => deliveries.close());
  });
  beforeEach(() => {
    model = newModel();
    jobs = new JobStore(redis, { models: [model], now: () => now });
  });
  afterEach(() => jobs.close());

  const accept = async (changes: Parameters<typeof newJob>[1] = {}) =>
    (await jobs.accept(newJob(model, { tenant: model, cost: 4, quota: 10, ...changes }))).record.id;
  const firstAttempts = { room: () => Promise.resolve(50), begin: () => undefined };
  const pump = () =>
    new OutboxPump(redis, model, { jobs, deliveries, firstAttempts, quota: new GpuQuota(redis), attempts: 1 }).pump();

  it('is used up by accepted jobs, over all models', async () => {
    await accept();
    await accept({ model: newModel() });
    await expect(accept()).rejects.toThrow(QuotaExceeded);
    await expect(accept({ cost: 2 })).resolves.toMatch(/^job_/);
  });

  it('comes back, once, when a job is cancelled while it waits', async () => {
    const [first] = [await accept(), await accept()];
    await jobs.cancel(first);
    await pump();
    await new GpuQuota(redis).refund(model, first);
    await accept();
    await expect(accept()).rejects.toThrow(QuotaExceeded);
  });

  it.each([
    ['stays used by a job that succeeded', 'succeeded', false],
    ['stays used by a job that was cancelled while it ran', 'canceled', false],
    ['comes back when a job failed', 'failed', true],
  ] as const)('%s', async (_name, state, comesBack) => {
    const id = await accept({ cost: 10 });
    await jobs.start(id, 1, 'w');
    await jobs.commit(id, 1, { state });
    await pump();
    if (comesBack) await expect(accept()).resolves.toMatch(/^job_/);
    else await expect(accept()).rejects.toThrow(QuotaExceeded);
  });

  it('is a new one from midnight UTC on, and what comes back after it is of its own day', async () => {
    now = Date.UTC(2030, 0, 2) - 1_500;
    const yesterdays = await accept({ cost: 10 });
    await expect(accept()).rejects.toMatchObject({ limit: { remaining: 0, resetS: 2 } });
    now = Date.UTC(2030, 0, 2);
    await accept({ cost: 10 });
    await jobs.cancel(yesterdays);
    await pump();
    await expect(accept()).rejects.toMatchObject({ limit: { remaining: 0, resetS: 86_400 } });
  });

  it('is not touched by a job that a cap refuses, nor twice by a repeated request', async () => {
    await expect(accept({ caps: { tenantJobs: 0, queueJobs: 1 } })).rejects.toThrow('open jobs');
    const idempotency = { key: 'k', fingerprint: 'f' };
    for (let i = 0; i < 3; i++) await accept({ cost: 10, idempotency });
    await expect(accept({ cost: 0.1 })).rejects.toThrow(QuotaExceeded);
  });
});
