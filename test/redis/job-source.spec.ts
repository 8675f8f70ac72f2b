import { beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobStore } from '@app/common/jobs/job-store.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { JobSource } from '@app/common/queue/job-source.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis, redisUrl, atEnd } = await useRedis();

describe('fetching by hand', () => {
  let jobs: JobStore;
  let model: string;

  beforeEach(() => {
    model = newModel();
    jobs = new JobStore(redis, { models: [model] });
  });

  const openSource = async (name: string): Promise<JobSource> => {
    const connection = workerConnection(redisUrl);
    const source = new JobSource(connection, model, name);
    atEnd(async () => {
      await source.drain();
      await source.close();
      connection.disconnect();
    });
    await source.open();
    return source;
  };
  const accept = async (): Promise<string> => (await jobs.accept(newJob(model))).record.id;
  /** What the fleet sees of a worker that was killed: its lock is no longer renewed, and runs out. */
  const loseLock = (id: string): Promise<number> => redis.del(`${new ModelKeys(model).queued(id)}:lock`);

  it('waits for a job, and completes it', async () => {
    const source = await openSource('waits');
    const next = source.next();
    await sleep(100);
    const id = await accept();
    const fetched = await next;
    expect(fetched).toMatchObject({ id, fence: 1, deferredFailure: null });
    await source.complete(fetched!);
    expect(await redis.exists(new ModelKeys(model).queued(id))).toBe(0);
  });

  it('hands a job back to the front, and fetches it under a higher fence', async () => {
    const source = await openSource('hands-back');
    const id = await accept();
    await accept();
    const fetched = await source.next();
    await source.handBack(fetched!);
    expect(await source.next()).toMatchObject({ id, fence: 2 });
  });

  it('ends a wait by abort, and by drain gives a job that still comes back to the queue', async () => {
    const source = await openSource('drained');
    const abort = new AbortController();
    const aborted = source.next(abort.signal);
    await sleep(50);
    abort.abort();
    expect(await aborted).toBeNull();

    const waiting = source.next();
    await sleep(50);
    const [drained] = await Promise.all([waiting, source.drain(), accept()]);
    expect(drained).toBeNull();
    const successor = await openSource('successor');
    expect(await successor.next()).not.toBeNull();
  });

  it('refuses the late commit of a stopped worker, also on its own refetched job', async () => {
    const source = await openSource('stopped');
    const id = await accept();
    const stale = await source.next();
    expect((await jobs.start(id, stale!.fence, 'stopped')).outcome).toBe('started');
    const lost = new Promise((resolve) => source.onLost(resolve));
    await loseLock(id);
    // The renewal finds out within 3 s; the stalled check gives the job back to the queue within two rounds of 5 s.
    expect(await lost).toMatchObject({ id, fence: 1 });

    const again = await source.next();
    expect(again).toMatchObject({ id, fence: 2 });
    expect((await jobs.start(id, again!.fence, 'stopped')).outcome).toBe('started');
    expect(await jobs.commit(id, stale!.fence, { state: 'succeeded', images: [] })).toBe(false);
    await source.complete(stale!);
    expect(await redis.exists(new ModelKeys(model).queued(id))).toBe(1);
    expect(await jobs.commit(id, again!.fence, { state: 'succeeded', images: [] })).toBe(true);
    await source.complete(again!);
    expect(await redis.exists(new ModelKeys(model).queued(id))).toBe(0);
  });

  it('gives every fetch a token of its own', async () => {
    const source = await openSource('tokens');
    const tokens: (string | null)[] = [];
    const id = await accept();
    for (let i = 0; i < 2; i++) {
      const fetched = await source.next();
      tokens.push(await redis.get(`${new ModelKeys(model).queued(id)}:lock`));
      await source.handBack(fetched!);
    }
    expect(tokens).toEqual(['tokens:0', 'tokens:1']);
  });

  it('puts a job aside whose payload another build made, and fetches it again later', async () => {
    const source = await openSource('old-build');
    const id = await accept();
    const queued = new ModelKeys(model).queued(id);
    const payload = await redis.hget(queued, 'data');
    await redis.hset(queued, 'data', JSON.stringify({ ...(JSON.parse(payload!) as object), version: 2 }));
    const fetched = await source.next();
    expect(fetched).toMatchObject({ id, payloadFault: 'its payload has version 2, this worker reads 1' });
    await jobs.putAside(id, { code: 'payload_unsupported', message: fetched!.payloadFault! });
    await source.putAside(fetched!);
    expect(await jobs.get(id)).toMatchObject({ state: 'queued', error: { code: 'payload_unsupported' } });
    expect(await redis.zscore(`{zq:${model}}:jobs:delayed`, id)).not.toBeNull();

    // A newer worker after the wait.
    await redis.hset(queued, 'data', payload!);
    await new ModelQueues(redis)
      .of(model)
      .getJob(id)
      .then((job) => job!.promote());
    const again = await source.next();
    expect(again).toMatchObject({ id, payloadFault: null, fence: 2 });
    expect(await jobs.start(id, again!.fence, 'w')).toMatchObject({ outcome: 'started' });
    expect(await jobs.get(id)).toMatchObject({ state: 'running', error: null });
  });

  it.each(['nonsense', '{"version":1}', 'null'])('takes %s for a damaged payload', async (data) => {
    const source = await openSource(`damaged-${data.length}`);
    const id = await accept();
    await redis.hset(new ModelKeys(model).queued(id), 'data', data.startsWith('n') ? JSON.stringify(data) : data);
    expect(await source.next()).toMatchObject({ id, payloadFault: 'its payload is damaged' });
  });

  it('keeps a job whose fetch hung through an outage, under a lock that counts from its return', async () => {
    const source = await openSource('patient');
    const lost: string[] = [];
    source.onLost((job) => lost.push(job.id));
    await redis.client('PAUSE', 9_500, 'WRITE');
    const next = source.next();
    const id = await accept();
    expect(await next).toMatchObject({ id });
    await sleep(1_000);
    expect(lost).toEqual([]);
  });
});
