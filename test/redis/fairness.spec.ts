import { beforeEach, describe, expect, it } from '@jest/globals';
import { placesPerUnit } from '@app/common/jobs/fair-place.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { JobUpkeep } from '@app/common/jobs/job-upkeep.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { QueueRebase } from '@app/common/jobs/queue-rebase.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { JobSource } from '@app/common/queue/job-source.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis, redisUrl } = await useRedis();

describe('the order of jobs', () => {
  let jobs: JobStore;
  let model: string;

  beforeEach(() => {
    model = newModel();
    jobs = new JobStore(redis, { models: [model] });
  });

  const accept = async (count: number, changes: Parameters<typeof newJob>[1]): Promise<string[]> => {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.push((await jobs.accept(newJob(model, changes))).record.id);
    return ids;
  };

  /** Fetches and finishes that many jobs. */
  const serve = async (count: number): Promise<string[]> => {
    const connection = workerConnection(redisUrl);
    const source = new JobSource(connection, model, `worker-${Math.random()}`);
    const served: string[] = [];
    while (served.length < count) {
      const fetched = await source.next();
      if (!fetched) break;
      await jobs.start(fetched.id, fetched.fence, 'w');
      await jobs.commit(fetched.id, fetched.fence, { state: 'succeeded', images: [] });
      await source.complete(fetched);
      served.push(fetched.id);
    }
    await source.drain();
    await source.close();
    connection.disconnect();
    return served;
  };

  it('lets a second tenant in beside a long queue', async () => {
    const crowd = await accept(20, { tenant: 'crowd' });
    const [late] = await accept(1, { tenant: 'late' });
    const served = await serve(21);
    expect(served.indexOf(late!)).toBeLessThanOrEqual(1);
    expect(served.filter((id) => id !== late)).toEqual(crowd);
  });

  it('gives a newcomer its share and not the whole past', async () => {
    await accept(20, { tenant: 'old' });
    await serve(10);
    const newcomer = await accept(10, { tenant: 'new' });
    const places = (await serve(10)).filter((id) => newcomer.includes(id)).length;
    expect(places).toBeGreaterThanOrEqual(4);
    expect(places).toBeLessThanOrEqual(6);
  });

  it('shares by weight', async () => {
    const light = await accept(20, { tenant: 'light', weight: 1 });
    const heavy = await accept(20, { tenant: 'heavy', weight: 3 });
    const served = await serve(16);
    expect(served.filter((id) => heavy.includes(id)).length).toBeGreaterThanOrEqual(11);
    expect(served.filter((id) => light.includes(id)).length).toBeGreaterThanOrEqual(4);
  });

  it('counts places from zero again once the model was idle', async () => {
    const keys = new ModelKeys(model);
    await accept(1, { cost: 150_000 });
    await accept(1, { cost: 150_000 });
    await serve(2);
    expect(Number(await redis.hget(keys.fair, 'v'))).toBe(150_000 * placesPerUnit);
    const [id] = await accept(1, { tenant: 'new' });
    expect((await new ModelQueues(redis).of(model).getJob(id!))!.priority).toBe(1);
  });

  it('moves waiting jobs to their places from a new base, and keeps their order', async () => {
    await accept(5, { tenant: 'first', cost: 5 });
    await serve(4);
    const waiting = [
      ...(await accept(12, { tenant: 'a', cost: 0.375 })),
      ...(await accept(12, { tenant: 'b', cost: 0.025 })),
      ...(await accept(6, { tenant: 'c', cost: 0.875 })),
    ];
    const queues = new ModelQueues(redis);
    const order = async (): Promise<string[]> =>
      (await queues.of(model).getJobs(['prioritized'], 0, -1, true)).map((job) => job.id!);
    const before = await order();
    expect(await new QueueRebase(redis, queues, model, 1000).run()).toBe(0);
    const rebase = new QueueRebase(redis, queues, model, 100);
    expect(await rebase.run()).toBe(waiting.length + 1);
    expect(await order()).toEqual(before);
    expect(await rebase.run()).toBe(0);

    // An API process that had read the old base adds its job late.
    const [late] = await accept(1, { tenant: 'd' });
    await queues.move((await queues.of(model).getJob(late!))!, 2000);
    expect(await rebase.run()).toBe(1);
    // Behind the seven that stand at the first place already.
    expect((await order()).indexOf(late!)).toBe(7);
  });

  it('forgets flows that the virtual time has passed, and recounts the backlog', async () => {
    const keys = new ModelKeys(model);
    await accept(1, { tenant: 'short', cost: 1 });
    await accept(3, { tenant: 'long', cost: 5 });
    await serve(4);
    await accept(2, { tenant: 'next', cost: 0.1 });
    await redis.set(keys.backlog, '77');
    await new JobUpkeep(redis, jobs, new ModelQueues(redis), model).tidy();
    expect(Object.keys(await redis.hgetall(keys.fair)).sort()).toEqual(['base', 'long:normal', 'next:normal', 'v']);
    expect((await jobs.backlog(model)).units).toBeCloseTo(0.2, 9);
  });
});
