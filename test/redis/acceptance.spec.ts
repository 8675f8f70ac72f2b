import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { IdempotencyInFlight, IdempotencyMismatch, TenantLimitReached } from '@app/common/jobs/job-errors.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { JobUpkeep } from '@app/common/jobs/job-upkeep.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { accept as acceptScript } from '@app/common/jobs/scripts/accept.lua.js';
import { apiConnection, workerConnection } from '@app/common/queue/connection.js';
import { JobSource } from '@app/common/queue/job-source.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { resultKey } from '@app/common/jobs/result-keys.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis, redisUrl } = await useRedis();

describe('accepting and keeping jobs', () => {
  let jobs: JobStore;
  let queues: ModelQueues;
  let upkeep: JobUpkeep;
  let keys: ModelKeys;
  let model: string;

  beforeEach(() => {
    model = newModel();
    keys = new ModelKeys(model);
    jobs = new JobStore(redis, { models: [model] });
    queues = new ModelQueues(redis);
    upkeep = new JobUpkeep(redis, jobs, queues, model);
  });

  it('makes ten jobs of 200 posts on ten idempotency keys', async () => {
    const api = apiConnection(redisUrl);
    await once(api, 'ready');
    const store = new JobStore(api, { models: [model] });
    const ids = new Map<string, Set<string>>();
    const post = async (key: string): Promise<void> => {
      for (;;) {
        try {
          const { record } = await store.accept(newJob(model, { idempotency: { key, fingerprint: key } }));
          ids.set(key, (ids.get(key) ?? new Set()).add(record.id));
          return;
        } catch (error) {
          if (!(error instanceof IdempotencyInFlight)) throw error;
          await sleep(20);
        }
      }
    };
    const posts = Array.from({ length: 200 }, (_, i) => `key-${i % 10}`);
    for (let i = 0; i < posts.length; i += 20) await Promise.all(posts.slice(i, i + 20).map(post));
    expect([...ids.values()].map((set) => set.size)).toEqual(Array<number>(10).fill(1));
    expect(await redis.zcard(keys.open)).toBe(10);
    expect(await queues.of(model).getPrioritizedCount()).toBe(10);
    await store.close();
    api.disconnect();
  });

  it('answers a repeated key with the first job, another body not, and keeps keys apart by tenant', async () => {
    const key = model;
    const first = await jobs.accept(newJob(model, { idempotency: { key, fingerprint: 'a' } }));
    const again = await jobs.accept(newJob(model, { idempotency: { key, fingerprint: 'a' } }));
    expect(again).toEqual({ record: first.record, replayed: true, limits: [] });
    const otherBody = newJob(model, { idempotency: { key, fingerprint: 'b' } });
    await expect(jobs.accept(otherBody)).rejects.toThrow(IdempotencyMismatch);
    const otherTenant = await jobs.accept(newJob(model, { tenant: 'other', idempotency: { key, fingerprint: 'b' } }));
    expect(otherTenant.replayed).toBe(false);
  });

  it('answers before the job is on its queue where asked to, and puts it there before it closes', async () => {
    const store = new JobStore(redis, { models: [model], queuesMeanwhile: true });
    const answered = new EventEmitter();
    const add = jest.spyOn(ModelQueues.prototype, 'add');
    add.mockImplementationOnce(async (...job) => {
      await once(answered, 'answered');
      await queues.add(...job);
    });
    const { record } = await store.accept(newJob(model));
    add.mockRestore();
    expect(await redis.zrange(keys.unqueued, '0', '-1')).toEqual([record.id]);
    expect(await queues.of(model).getPrioritizedCount()).toBe(0);
    answered.emit('answered');
    await store.close();
    expect(await redis.zcard(keys.unqueued)).toBe(0);
    expect(await queues.of(model).getPrioritizedCount()).toBe(1);
  });

  it('frees the key of a refused job', async () => {
    const idempotency = { key: model, fingerprint: 'a' };
    const refused = newJob(model, { idempotency, caps: { tenantJobs: 0, queueJobs: 10 } });
    await expect(jobs.accept(refused)).rejects.toThrow(TenantLimitReached);
    expect((await jobs.accept(newJob(model, { idempotency }))).replayed).toBe(false);
  });

  it('takes a key over, under the same job id, from a request that died before its job was there', async () => {
    const idempotency = { key: model, fingerprint: 'a' };
    const { record } = await jobs.accept(newJob(model, { idempotency }));
    await redis.del(keys.job(record.id));
    await expect(jobs.accept(newJob(model, { idempotency }))).rejects.toThrow(IdempotencyInFlight);
    const [claim] = await redis.keys('zq:idem:acme:*').then((all) => findClaim(all, record.id));
    await redis.hincrby(claim!, 'at', -60_000);
    const taken = await jobs.accept(newJob(model, { idempotency }));
    expect(taken).toMatchObject({ replayed: false, record: { id: record.id, state: 'queued' } });
  });

  const findClaim = async (claims: string[], id: string): Promise<string[]> => {
    const found: string[] = [];
    for (const key of claims) if ((await redis.hget(key, 'id')) === id) found.push(key);
    return found;
  };

  it('adds a job whose API process died between accepting and adding', async () => {
    const { record } = await jobs.accept(newJob(model));
    await queues.remove(model, record.id);
    await redis.zadd(keys.unqueued, Date.now(), record.id);
    expect(await upkeep.addUnqueued()).toBe(0);
    await redis.zadd(keys.unqueued, Date.now() - 6_000, record.id);
    expect(await upkeep.addUnqueued()).toBe(1);
    expect(await redis.exists(keys.queued(record.id))).toBe(1);
    expect(await redis.zcard(keys.unqueued)).toBe(0);
  });

  it('adds a running job again that BullMQ has lost, and shuts its old worker out', async () => {
    const connection = workerConnection(redisUrl);
    const source = new JobSource(connection, model, 'w');
    const { record } = await jobs.accept(newJob(model));
    const stale = await source.next();
    await jobs.start(record.id, stale!.fence, 'w');
    expect(await upkeep.requeueLost()).toBe(0);

    await redis.del(keys.queued(record.id));
    expect(await upkeep.requeueLost()).toBe(1);
    expect(await upkeep.requeueLost()).toBe(0);
    await redis.zadd(keys.unqueued, 1, record.id);
    await upkeep.addUnqueued();
    const fetched = await source.next();
    expect(fetched!.fence).toBeGreaterThan(stale!.fence);
    expect((await jobs.start(record.id, fetched!.fence, 'w')).outcome).toBe('started');
    expect(await jobs.commit(record.id, stale!.fence, { state: 'succeeded', images: [] })).toBe(false);
    await source.drain();
    await source.close();
    connection.disconnect();
  });

  it('takes a job out of BullMQ whose document is terminal', async () => {
    const { record } = await jobs.accept(newJob(model));
    await jobs.start(record.id, 1, 'w');
    await jobs.commit(record.id, 1, { state: 'succeeded', images: [] });
    expect(await redis.exists(keys.queued(record.id))).toBe(1);
    expect(await upkeep.removeFinished()).toBe(1);
    expect(await redis.exists(keys.queued(record.id))).toBe(0);
  });

  it('deletes what attempts left in storage of a job that then ended without a result', async () => {
    const storage = new MemoryStorage();
    const info = { contentType: 'image/png', sha256: 'x' };
    const left = async (end: (id: string) => Promise<unknown>): Promise<string> => {
      const { record } = await jobs.accept(newJob(model));
      await jobs.start(record.id, 1, 'w');
      await storage.putIfAbsent(resultKey(record, 0), Buffer.from('x'), info);
      await end(record.id);
      return resultKey(record, 0);
    };
    await left(async (id) => {
      await jobs.release(id, 1);
      await jobs.cancel(id);
    });
    await left((id) => jobs.commit(id, 1, { state: 'failed', error: { code: 'x', message: 'x' } }));
    const kept = await left((id) => jobs.commit(id, 1, { state: 'succeeded', images: [] }));
    expect(await upkeep.discardLeftovers(storage)).toBe(0);
    for (const id of await redis.zrange(keys.leftovers, '0', '-1')) await redis.zadd(keys.leftovers, 1, id);
    expect(await upkeep.discardLeftovers(storage)).toBe(2);
    expect([...storage.objects.keys()]).toEqual([kept]);
    expect(await redis.zcard(keys.leftovers)).toBe(0);
  });

  it('expires queued jobs at their deadline without any worker', async () => {
    const { record } = await jobs.accept(newJob(model, { deadlineAt: Date.now() + 60_000 }));
    expect(await upkeep.settleDue()).toBe(0);
    await moveDeadline(record.id, Date.now() - 1);
    expect(await upkeep.settleDue()).toBe(1);
    expect(await jobs.get(record.id)).toMatchObject({ state: 'expired' });
    expect(await queues.of(model).getPrioritizedCount()).toBe(0);
  });

  it('leaves a running job past its deadline to its worker for 15 s, then ends it', async () => {
    const { record } = await jobs.accept(newJob(model, { deadlineAt: Date.now() + 60_000 }));
    await jobs.start(record.id, 1, 'w');
    await moveDeadline(record.id, Date.now() - 1);
    expect(await upkeep.settleDue()).toBe(0);
    expect(await jobs.get(record.id)).toMatchObject({ state: 'running' });
    await moveDeadline(record.id, Date.now() - 15_100);
    expect(await upkeep.settleDue()).toBe(1);
    expect(await jobs.get(record.id)).toMatchObject({ state: 'expired' });
    expect(await jobs.commit(record.id, 1, { state: 'succeeded', images: [] })).toBe(false);
  });

  const moveDeadline = async (id: string, at: number): Promise<void> => {
    await redis.hset(keys.job(id), 'deadlineAt', at);
    await redis.zadd(keys.due, at, id);
  };

  it('ends a cancelled job whose worker says nothing any more', async () => {
    const { record } = await jobs.accept(newJob(model));
    await jobs.start(record.id, 1, 'w');
    await jobs.cancel(record.id);
    expect(await upkeep.settleDue()).toBe(0);
    await redis.hset(keys.job(record.id), 'cancelRequestedAt', Date.now() - 15_100);
    await redis.zadd(keys.due, 1, record.id);
    expect(await upkeep.settleDue()).toBe(1);
    expect(await jobs.get(record.id)).toMatchObject({ state: 'canceled' });
  });

  it('takes jobs that are long over out of the index, more than one look shows', async () => {
    const count = 450;
    const over = await Promise.all(Array.from({ length: count }, () => jobs.accept(newJob(model))));
    const { record: kept } = await jobs.accept(newJob(model));
    await redis.del(...over.map(({ record }) => keys.job(record.id)));
    expect(await upkeep.cleanIndexes()).toBe(count);
    expect((await jobs.list({ tenant: 'acme', limit: 10 })).jobs.map(({ id }) => id)).toEqual([kept.id]);
  });

  it('accepts an id once, however often it is asked', async () => {
    const { record } = await jobs.accept(newJob(model));
    const again = await acceptScript.run(redis, { ...keys.ofJob(record.id), tenantIndex: keys.index('acme') }, [
      record.id,
      'acme',
      'acme:normal',
      1,
      1,
      10,
      10,
      '',
    ]);
    expect(again).toEqual(['exists']);
    expect(await jobs.backlog(model)).toEqual({ jobs: 1, units: 1 });
  });

  it('fails an API command at once while Redis is away', async () => {
    const api = apiConnection('redis://127.0.0.1:1');
    api.on('error', () => undefined);
    const store = new JobStore(api, { models: [model] });
    const unsent = "Stream isn't writeable and enableOfflineQueue options is false";
    await expect(store.get(`job_00000000000000000000000000_${model}`)).rejects.toThrow(unsent);
    api.disconnect();
  });
});
