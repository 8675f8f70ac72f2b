import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet, eventsOf } from '../fleet/audit.mjs';
import { Fleet, type HashDocument } from '../fleet/fleet.mjs';
import { faultScale, reportFault } from '../support/fault-report.js';
import { median } from '../support/median.js';

const tookMs = (job: HashDocument): number => Number(job.finishedAt) - Number(job.createdAt);
/** Room for so many images of 256 × 256. */
const slots = 4;
const { backlog, asks } = faultScale > 1 ? { backlog: 2000, asks: 45 } : { backlog: 300, asks: 8 };

describe('one tenant fills the queue, another asks now and then', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    // 200 ms each: 20 jobs a second.
    const environment = { INSTANT_STEP_MS: '25' };
    fleet = await Fleet.start({ workers: 0, tokenBudget: slots * 256, appendfsync: 'everysec', environment });
  });
  afterAll(() => fleet.stop());

  /** Posts that many jobs, one at a time, and returns them finished. */
  const askNowAndThen = async (count: number, key: string): Promise<HashDocument[]> => {
    const jobs: HashDocument[] = [];
    for (let i = 0; i < count; i++) {
      const next = sleep(faultScale > 1 ? 1000 : 100);
      const { id } = await fleet.generate({ seed: i }, { key });
      jobs.push({ ...(await fleet.finished(id)), id });
      await next;
    }
    return jobs;
  };

  const fill = async (key: string): Promise<string[]> => {
    const ids: string[] = [];
    while (ids.length < backlog) {
      const posted = await Promise.all(
        Array.from({ length: 10 }, (_, j) =>
          fleet.generate({ seed: ids.length + j, priority: j % 5 === 4 ? 'low' : 'normal' }, { key }),
        ),
      );
      ids.push(...posted.map(({ id }) => id));
    }
    return ids;
  };

  const startOf = async (id: string): Promise<number> =>
    (await eventsOf(fleet, id)).find(({ data }) => data.state === 'running')!.atMs;

  it('the second tenant is let in beside the first, a high job passes, low ones are not starved', async () => {
    const [crowd, guest] = await Promise.all([fleet.newKey('crowd'), fleet.newKey('guest')]);
    const crowdIds = await fill(crowd.key);
    await fleet.addWorker();
    const guestJobs = await askNowAndThen(asks, guest.key);
    const { id: high } = await fleet.generate({ priority: 'high' }, { key: crowd.key });
    const highJob = await fleet.finished(high);
    const stillWaiting = await fleet.redis.zcard('{zq:instant}:open');
    const audit = await auditFleet(fleet, crowdIds, 300_000);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: backlog } });
    expect(stillWaiting).toBeGreaterThan(0);

    const crowdStarts = await Promise.all(crowdIds.map(startOf));
    /** How many of the crowd's jobs began while a job waited: it came after all of them. */
    const letPass = async (id: string, { createdAt }: HashDocument): Promise<number> => {
      const start = await startOf(id);
      return crowdStarts.filter((at) => at > Number(createdAt) && at < start).length;
    };
    for (const job of guestJobs) expect(await letPass(job.id!, job)).toBeLessThanOrEqual(2 * slots);
    expect(await letPass(high, highJob)).toBeLessThanOrEqual(2 * slots);

    const crowdJobs = await Promise.all(crowdIds.map((id) => fleet.document(id)));
    const guestLeft = Number(guestJobs.at(-1)!.finishedAt);
    const lowBefore = crowdJobs.filter((job) => job.priority === 'low' && Number(job.finishedAt) < guestLeft);
    expect(lowBefore.length).toBeGreaterThan(0);

    // Times are those of an empty queue on the same machine.
    const alone = median((await askNowAndThen(8, guest.key)).map(tookMs));
    const beside = median(guestJobs.map(tookMs));
    const ends = [...crowdJobs, ...guestJobs].map((job) => Number(job.finishedAt));
    const between = (fromMs: number, toMs: number): number =>
      ends.filter((end) => end >= fromMs && end < toMs).length / ((toMs - fromMs) / 1000);
    const together = between(Number(guestJobs[0]!.createdAt), guestLeft);
    const crowdAlone = between(guestLeft, Math.max(...ends));
    reportFault(
      `${backlog} jobs of one tenant: another's takes ${beside} ms (empty queue: ${alone} ms), ${together.toFixed(1)} jobs/s (without it: ${crowdAlone.toFixed(1)})`,
      audit,
    );
    if (faultScale === 1) return;
    expect(beside).toBeLessThan(2 * alone + 50);
    expect(tookMs(highJob)).toBeLessThan(3 * alone + 50);
    expect(together).toBeGreaterThan(0.8 * crowdAlone);
  });
});
