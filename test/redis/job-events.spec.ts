import { beforeAll, describe, expect, it } from '@jest/globals';
import { CancelChannel } from '@app/common/jobs/cancel-channel.js';
import { JobEvents, type JobEvent } from '@app/common/jobs/job-events.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { eventually } from '../support/eventually.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis, redisUrl, atEnd } = await useRedis();

describe('events and cancels', () => {
  const model = newModel();
  const events = new JobEvents(redis, () => workerConnection(redisUrl));
  const jobs = new JobStore(redis, { models: [model] });
  beforeAll(() => atEnd(() => events.close()));

  const collect = async (id: string, after = '0'): Promise<JobEvent[]> => {
    const seen: JobEvent[] = [];
    for await (const event of events.read(id, after)) seen.push(event);
    return seen;
  };

  it('follows several jobs over one connection until each result, late readers too', async () => {
    const [a, b] = await Promise.all([jobs.accept(newJob(model)), jobs.accept(newJob(model))]);
    const followingA = collect(a.record.id);
    const followingB = [collect(b.record.id), collect(b.record.id)];
    for (const { record } of [a, b]) {
      await jobs.start(record.id, 1, 'w');
      await jobs.progress(record.id, 1, 1, 8);
      await jobs.commit(record.id, 1, { state: 'succeeded', images: [] });
    }
    const expected = [
      { type: 'state', data: { state: 'running' } },
      { type: 'progress', data: { step: 1, steps: 8 } },
      { type: 'result', data: { state: 'succeeded' } },
    ];
    for (const following of [followingA, ...followingB]) expect(await following).toMatchObject(expected);

    const all = await collect(a.record.id);
    expect(await collect(a.record.id, all[0]!.id)).toEqual(all.slice(1));
  });

  it('carries previews of the fetch that owns the job, and of no other', async () => {
    const { record } = await jobs.accept(newJob(model));
    const preview = { index: 0, step: 4, width: 64, height: 32, key: 'acme/job/preview-0-4.jpg' };
    await jobs.start(record.id, 2, 'w');
    await jobs.preview(record.id, 1, { ...preview, step: 3 });
    await jobs.preview(record.id, 2, preview);
    await jobs.commit(record.id, 2, { state: 'succeeded', images: [] });
    await jobs.preview(record.id, 2, { ...preview, step: 5 });
    const seen = await collect(record.id);
    expect(seen.filter(({ type }) => type === 'preview').map(({ data }) => data)).toEqual([preview]);
  });

  it('shows a new reader the events of a job at once while another is being waited for', async () => {
    const { record: quiet } = await jobs.accept(newJob(model));
    const abort = new AbortController();
    const waiting = events.read(quiet.id, '0', abort.signal).next();
    const waitsMs: number[] = [];
    for (let readers = 0; readers < 10; readers++) {
      const { record } = await jobs.accept(newJob(model));
      await jobs.start(record.id, 1, 'w');
      const startedAt = Date.now();
      const reader = events.read(record.id, '0');
      expect((await reader.next()).value).toMatchObject({ type: 'state' });
      waitsMs.push(Date.now() - startedAt);
      await reader.return();
    }
    // Half the time that the connection blocks for. A busy machine may hold up some readers, not all.
    expect(Math.min(...waitsMs)).toBeLessThan(500);
    abort.abort();
    expect((await waiting).done).toBe(true);
  });

  it('tells workers of cancelled jobs, running or in hand and not started', async () => {
    const subscriber = workerConnection(redisUrl);
    const heard: string[] = [];
    await new CancelChannel(subscriber, model).listen((id) => heard.push(id));
    const [running, queued] = await Promise.all([jobs.accept(newJob(model)), jobs.accept(newJob(model))]);
    await jobs.start(running.record.id, 1, 'w');
    await jobs.cancel(running.record.id);
    await jobs.cancel(queued.record.id);
    await eventually(() => heard.length === 2);
    expect(heard).toEqual([running.record.id, queued.record.id]);
    subscriber.disconnect();
  });
});
