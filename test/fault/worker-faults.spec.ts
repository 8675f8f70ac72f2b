import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Embedded, isAlive } from '../support/embedded.js';
import { eventually } from '../support/eventually.js';

const slow = { prompt: 'octopus', width: 256, height: 256, steps: 30 };
/** Seconds of work on any machine. */
const slower = { prompt: 'octopus', width: 512, height: 512, steps: 50 };

describe('a worker or its engine dies', () => {
  let service: Embedded;

  beforeAll(async () => {
    service = await Embedded.start({ workers: 'z-image-nano-turbo' });
  });
  afterAll(() => service.stop());

  const workerPid = async (): Promise<number> => {
    await eventually(() => service.engineHostPid(service.workerPids()[0] ?? 0) !== 0);
    return service.workerPids()[0]!;
  };
  const killHost = async (): Promise<void> => {
    process.kill(service.engineHostPid(await workerPid()), 'SIGKILL');
  };

  it('kill -9 of the worker mid-job: another run finishes it, with one object', async () => {
    const { id } = await service.generate(slow);
    await service.stepping(id);
    const pid = await workerPid();
    const host = service.engineHostPid(pid);
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isAlive(host));
    const job = await service.finished(id);
    expect(job).toMatchObject({ state: 'succeeded', attempts: 2 });
    expect(service.objects(id)).toHaveLength(1);
    expect(job.worker).not.toContain(`-${pid}-`);
  });

  it('kill -9 of the engine host mid-batch: every job of the batch is run again, alone', async () => {
    const posted = await Promise.all([1, 2, 3].map((seed) => service.generate({ ...slow, seed })));
    await Promise.all(posted.map(({ id }) => service.stepping(id)));
    await killHost();
    const jobs = await Promise.all(posted.map(({ id }) => service.finished(id)));
    expect(jobs.map(({ state, attempts }) => [state, attempts])).toEqual(posted.map(() => ['succeeded', 2]));
    expect(jobs.map(({ batch }) => batch!.max)).toEqual([1, 1, 1]);
  });

  it('a job in whose hands the engine dies twice fails, and the next one succeeds', async () => {
    const { id } = await service.generate(slower);
    await service.stepping(id);
    await killHost();
    await service.until(id, ({ state, attempts }) => attempts === 2 && state === 'running');
    await service.stepping(id);
    await killHost();
    expect(await service.finished(id)).toMatchObject({
      state: 'failed',
      error: { code: 'engine_crashed' },
      images: [],
    });
    const next = await service.generate({ prompt: 'sun' });
    expect(await service.finished(next.id)).toMatchObject({ state: 'succeeded', attempts: 1 });
  });
});
