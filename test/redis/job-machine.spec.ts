import { describe, expect, it } from '@jest/globals';
import { isTerminal, terminalStates, type JobState, type TerminalState } from '@app/common/contracts/job-states.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { newJob, newModel } from '../support/jobs.js';
import { randomFrom } from '../support/random-from.js';
import { useRedis } from '../support/redis.js';

const { redis } = await useRedis();

/** What the scripts must do, in a few lines without Redis. */
interface ExpectedJob {
  state: JobState;
  fence: number;
  fetches: number;
  cancelRequested: boolean;
  /** How often it entered a terminal state. */
  ends: number;
}

describe('the state machine under random calls of current and stale workers', () => {
  it.each([1, 2, 3, 4, 5])('does what the model says (seed %i)', async (seed) => {
    const random = randomFrom(seed);
    const model = newModel();
    const keys = new ModelKeys(model);
    const jobs = new JobStore(redis, { models: [model] });
    const expected = new Map<string, ExpectedJob>();
    const ended = { url: 'https://example.com', events: terminalStates.map((state) => `job.${state}` as const) };

    const end = (job: ExpectedJob, state: TerminalState): void => {
      job.state = state;
      job.ends += 1;
    };
    /** Mostly the last fetch's fence, at times an older one. */
    const someFence = (job: ExpectedJob): number => (random(4) > 0 ? job.fetches : random(job.fetches + 1));
    const calls: ((id: string, job: ExpectedJob) => Promise<void>)[] = [
      async (id, job) => {
        const fence = random(4) > 0 ? (job.fetches += 1) : random(job.fetches + 1);
        const refused = isTerminal(job.state) || fence <= job.fence || job.cancelRequested;
        if (!isTerminal(job.state) && fence > job.fence && job.cancelRequested) end(job, 'canceled');
        const result = await jobs.start(id, fence, 'w');
        expect(result.outcome).toBe(refused ? 'refused' : 'started');
        if (!refused) Object.assign(job, { state: 'running', fence });
      },
      async (id, job) => {
        const fence = someFence(job);
        const state = terminalStates[random(terminalStates.length)]!;
        const owns = job.state === 'running' && fence === job.fence;
        expect(await jobs.commit(id, fence, { state })).toBe(owns);
        if (owns) end(job, state);
      },
      async (id, job) => {
        const fence = someFence(job);
        const owns = job.state === 'running' && fence === job.fence;
        expect(await jobs.release(id, fence)).toBe(owns);
        if (owns && job.cancelRequested) end(job, 'canceled');
        else if (owns) job.state = 'queued';
      },
      async (id, job) => {
        await jobs.cancel(id);
        if (job.state === 'queued') end(job, 'canceled');
        else if (job.state === 'running') job.cancelRequested = true;
      },
      async (id, job) => jobs.progress(id, someFence(job), 1, 8),
    ];

    for (let i = 0; i < 400; i++) {
      const ids = [...expected.keys()];
      const id = ids[random(ids.length + 1)];
      if (id === undefined || ids.length < 3) {
        const { record } = await jobs.accept(newJob(model, { cost: 0.5, webhook: ended }));
        expected.set(record.id, { state: 'queued', fence: 0, fetches: 0, cancelRequested: false, ends: 0 });
        continue;
      }
      const job = expected.get(id)!;
      await calls[random(calls.length)]!(id, job);
      expect(await jobs.get(id)).toMatchObject({ state: job.state, fence: job.fence });
    }

    const all = [...expected];
    const open = all.filter(([, job]) => !isTerminal(job.state));
    expect(all.every(([, job]) => job.ends <= 1)).toBe(true);
    expect(all.length - open.length).toBeGreaterThan(5);
    expect(await jobs.backlog(model)).toEqual({ jobs: open.length, units: open.length * 0.5 });
    expect(await redis.hget(keys.tenants, 'acme')).toBe(String(open.length));
    expect((await redis.zrange(keys.outbox, '0', '-1')).sort()).toEqual(
      all
        .filter(([, job]) => isTerminal(job.state))
        .map(([id, job]) => `${id}.job.${job.state}`)
        .sort(),
    );
    await jobs.close();
  });
});
