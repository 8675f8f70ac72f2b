import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { webhookEvents } from '@app/common/contracts/job-states.js';
import { placesPerUnit } from '@app/common/jobs/fair-place.js';
import { QueueFull, TenantLimitReached } from '@app/common/jobs/job-errors.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis } = await useRedis();

describe('job documents', () => {
  let jobs: JobStore;
  let model: string;

  beforeEach(() => {
    model = newModel();
    jobs = new JobStore(redis, { models: [model], ttlMs: 60_000 });
  });
  afterEach(() => jobs.close());

  const accept = async (changes: Parameters<typeof newJob>[1] = {}): Promise<string> =>
    (await jobs.accept(newJob(model, changes))).record.id;
  const outbox = (): Promise<string[]> => redis.zrange(new ModelKeys(model).outbox, '0', '-1');
  const allWebhooks = { url: 'https://example.com/hook', events: [...webhookEvents] };

  it('keeps what was accepted, and lists it newest first by pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await accept({ metadata: { order: i } }));
    await accept({ tenant: 'other' });

    const record = await jobs.get(ids[0]!);
    expect(record).toMatchObject({ state: 'queued', tenant: 'acme', metadata: { order: 4 }, attempts: 0, images: [] });
    expect(record!.request).toEqual(newJob(model).request);

    const first = await jobs.list({ tenant: 'acme', limit: 3 });
    const second = await jobs.list({ tenant: 'acme', limit: 3, cursor: first.next! });
    expect([...first.jobs, ...second.jobs].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeNull();
    expect((await jobs.list({ tenant: 'acme', state: 'running', limit: 3 })).jobs).toEqual([]);
  });

  it('refuses above the caps, and writes nothing then', async () => {
    await accept();
    await expect(jobs.accept(newJob(model, { caps: { tenantJobs: 1, queueJobs: 10 } }))).rejects.toThrow(
      TenantLimitReached,
    );
    const other = newJob(model, { tenant: 'other', caps: { tenantJobs: 1, queueJobs: 1 } });
    await expect(jobs.accept(other)).rejects.toThrow(QueueFull);
    expect(await jobs.backlog(model)).toEqual({ jobs: 1, units: 1 });
    expect((await jobs.list({ tenant: 'other', limit: 10 })).jobs).toEqual([]);
  });

  it('refuses a job that the priority range has no place for', async () => {
    await accept({ cost: 3_000_000 });
    await expect(jobs.accept(newJob(model))).rejects.toThrow(QueueFull);
    await accept({ tenant: 'other' });
  });

  it('runs from start to commit, and the terminal state stays', async () => {
    const id = await accept({ webhook: allWebhooks });
    const started = await jobs.start(id, 1, 'worker-1');
    const running = await jobs.get(id);
    expect(running).toMatchObject({ state: 'running', worker: 'worker-1', attempts: 1, fence: 1 });
    expect(started).toEqual({ outcome: 'started', queueMs: running!.timings.queueMs });
    await jobs.progress(id, 1, 4, 8);
    const image = {
      index: 0,
      seed: 42,
      width: 256,
      height: 256,
      format: 'png',
      bytes: 3,
      sha256: 'x',
      key: 'k',
    } as const;
    const batch = { max: 4, mean: 2.5 };
    expect(await jobs.commit(id, 1, { state: 'succeeded', images: [image], computeMs: 410, uploadMs: 9, batch })).toBe(
      true,
    );

    const record = await jobs.get(id);
    expect(record).toMatchObject({ state: 'succeeded', images: [image], batch, progress: { step: 4, steps: 8 } });
    expect(record!.timings).toMatchObject({ computeMs: 410, uploadMs: 9 });
    expect(record!.timings.queueMs).toBeGreaterThanOrEqual(0);
    expect((await outbox()).sort()).toEqual([`${id}.job.progress.4`, `${id}.job.started`, `${id}.job.succeeded`]);
    expect(await jobs.backlog(model)).toEqual({ jobs: 0, units: 0 });
    expect(await redis.pttl(new ModelKeys(model).job(id))).toBeGreaterThan(0);

    expect(await jobs.commit(id, 1, { state: 'failed' })).toBe(false);
    expect(await jobs.start(id, 2, 'worker-2')).toEqual({ outcome: 'refused', state: 'succeeded' });
    expect(await jobs.cancel(id)).toMatchObject({ state: 'succeeded' });
    expect(await jobs.release(id, 1)).toBe(false);
  });

  it("keeps a queued job's document for as long as it waits", async () => {
    const id = await accept();
    const ttlMs = (): Promise<number> => redis.pttl(new ModelKeys(model).job(id));
    const never = -1;
    expect(await ttlMs()).toBe(never);
    await jobs.start(id, 1, 'worker-1');
    expect(await ttlMs()).toBe(never);
    await jobs.release(id, 1);
    expect(await ttlMs()).toBe(never);
    await jobs.cancel(id);
    expect(await ttlMs()).toBeGreaterThan(0);
  });

  it('writes only the webhooks that were asked for', async () => {
    const id = await accept({ webhook: { url: 'https://example.com', events: ['job.failed'] } });
    await jobs.start(id, 1, 'w');
    await jobs.progress(id, 1, 1, 8);
    await jobs.commit(id, 1, { state: 'failed', error: { code: 'engine_crashed', message: 'twice' } });
    expect(await outbox()).toEqual([`${id}.job.failed`]);
    expect((await jobs.get(id))!.error).toEqual({ code: 'engine_crashed', message: 'twice' });
  });

  it('shuts out the fetch that lost the job', async () => {
    const id = await accept();
    await jobs.start(id, 1, 'stopped');
    await jobs.start(id, 2, 'successor');
    expect(await jobs.start(id, 1, 'stopped')).toEqual({ outcome: 'refused', state: 'running' });
    expect(await jobs.commit(id, 1, { state: 'succeeded', images: [] })).toBe(false);
    expect(await jobs.release(id, 1)).toBe(false);
    await jobs.progress(id, 1, 7, 8);
    expect(await jobs.countCrash(id, 1)).toBe(0);
    expect(await jobs.get(id)).toMatchObject({ state: 'running', worker: 'successor', progress: { step: 0 } });
    expect(await jobs.commit(id, 2, { state: 'succeeded', images: [] })).toBe(true);
  });

  it('hands back and starts again under a higher fence alone', async () => {
    const id = await accept();
    await jobs.start(id, 1, 'a');
    await jobs.progress(id, 1, 4, 8);
    expect(await jobs.release(id, 1)).toBe(true);
    expect(await jobs.get(id)).toMatchObject({ state: 'queued', worker: null, progress: { step: 0 } });
    expect(await jobs.start(id, 1, 'a')).toEqual({ outcome: 'refused', state: 'queued' });
    expect(await jobs.start(id, 2, 'b')).toMatchObject({ outcome: 'started' });
    expect(await jobs.get(id)).toMatchObject({ state: 'running', worker: 'b', attempts: 2 });
    // Of a worker that is lost, and hands nothing back.
    await jobs.progress(id, 2, 5, 8);
    await jobs.start(id, 3, 'c');
    expect(await jobs.get(id)).toMatchObject({ progress: { step: 0 }, attempts: 3 });
  });

  it('cancels a queued job at once and a running one by flag and message', async () => {
    const queued = await accept({ webhook: allWebhooks });
    expect(await jobs.cancel(queued)).toMatchObject({ state: 'canceled' });
    expect(await redis.exists(new ModelKeys(model).queued(queued))).toBe(0);

    const running = await accept();
    await jobs.start(running, 1, 'w');
    expect(await jobs.cancel(running)).toMatchObject({ state: 'running', cancelRequested: true });
    expect(await jobs.start(running, 2, 'w2')).toEqual({ outcome: 'refused', state: 'canceled' });
    expect(await outbox()).toEqual([`${queued}.job.canceled`]);
    expect(await jobs.cancel('job_00000000000000000000000000_' + model)).toBeNull();
    expect(await jobs.cancel('nonsense')).toBeNull();
  });

  it('ends a cancelled job that is handed back', async () => {
    const id = await accept();
    await jobs.start(id, 1, 'w');
    await jobs.cancel(id);
    expect(await jobs.release(id, 1)).toBe(true);
    expect(await jobs.get(id)).toMatchObject({ state: 'canceled' });
  });

  it('does not start past the deadline', async () => {
    const id = await accept({ deadlineAt: Date.now() - 1 });
    expect(await jobs.start(id, 1, 'w')).toEqual({ outcome: 'refused', state: 'expired' });
  });

  it('takes no success past the deadline', async () => {
    const id = await accept({ deadlineAt: Date.now() + 60_000 });
    await jobs.start(id, 1, 'w');
    await redis.hset(new ModelKeys(model).job(id), 'deadlineAt', Date.now() - 1);
    expect(await jobs.commit(id, 1, { state: 'succeeded', images: [] })).toBe(false);
    expect(await jobs.get(id)).toMatchObject({ state: 'expired', images: [] });
  });

  it('counts crashes and charges the run that follows', async () => {
    const id = await accept();
    await jobs.start(id, 1, 'w');
    expect(await jobs.countCrash(id, 1)).toBe(1);
    expect(await jobs.countCrash(id, 1)).toBe(2);
    expect(await redis.hget(new ModelKeys(model).fair, 'acme:normal')).toBe(String(3 * placesPerUnit));
  });
});
