import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Embedded } from '../support/embedded.js';

const stoppedPidIn = (worker: string | null): number => Number(/-(\d+)-[0-9a-z]+$/.exec(worker ?? '')?.[1]);

describe('a worker is stopped for longer than its lock and then goes on', () => {
  let service: Embedded;

  beforeAll(async () => {
    service = await Embedded.start({ workers: 'z-image-nano-turbo=2' });
  });
  afterAll(() => service.stop());

  it("another worker's result stands, and the stopped one drops its run and serves on", async () => {
    const { id } = await service.generate({ prompt: 'umbrella', steps: 20, seed: 3 });
    const frozen = stoppedPidIn((await service.stepping(id)).worker);
    process.kill(frozen, 'SIGSTOP');
    const job = await service.finished(id, 60_000);
    process.kill(frozen, 'SIGCONT');
    expect(job).toMatchObject({ state: 'succeeded', attempts: 2 });
    expect(stoppedPidIn(job.worker)).not.toBe(frozen);

    // Time for what the stopped worker still had in hand.
    await sleep(3000);
    expect(await service.job(id)).toMatchObject({ finished_at: job.finished_at, worker: job.worker, attempts: 2 });
    expect(service.objects(id)).toHaveLength(1);
    const jobs = await Promise.all([1, 2, 3, 4].map((seed) => service.generate({ prompt: 'star', seed })));
    for (const { id: next } of jobs) expect(await service.finished(next)).toMatchObject({ state: 'succeeded' });
  }, 90_000);
});
