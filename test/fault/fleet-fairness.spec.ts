import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet } from '../fleet/audit.mjs';
import { Fleet, type HashDocument } from '../fleet/fleet.mjs';
import { faultScale, reportFault } from '../support/fault-report.js';
import { median } from '../support/median.js';

const tookMs = (job: HashDocument): number => Number(job.finishedAt) - Number(job.createdAt);
/** Above CI's scale: 2,000 jobs wait, and the other tenant asks every second. */
const { backlog, asks, everyMs } =
  faultScale > 1 ? { backlog: 2000, asks: 45, everyMs: 1000 } : { backlog: 300, asks: 8, everyMs: 500 };

describe('one tenant fills the queue, another asks now and then', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    // Room for four images of 256 × 256, 200 ms each: 20 jobs a second.
    fleet = await Fleet.start({ tokenBudget: 1024, appendfsync: 'everysec', environment: { INSTANT_STEP_MS: '25' } });
  });
  afterAll(() => fleet.stop());

  /** Posts that many jobs, one at a time, and returns them finished. */
  const askNowAndThen = async (count: number, key: string): Promise<HashDocument[]> => {
    const jobs: HashDocument[] = [];
    for (let i = 0; i < count; i++) {
      const next = sleep(everyMs);
      const { id } = await fleet.generate({ seed: i }, { key });
      jobs.push(await fleet.finished(id));
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

  it("the second tenant's median time stays within twice an empty queue's, throughput is the same, nobody starves", async () => {
    const [crowd, guest] = await Promise.all([fleet.newKey('crowd'), fleet.newKey('guest')]);
    const alone = median((await askNowAndThen(8, guest.key)).map(tookMs));

    const crowdIds = await fill(crowd.key);
    const guestJobs = await askNowAndThen(asks, guest.key);
    const beside = median(guestJobs.map(tookMs));
    const stillWaiting = await fleet.redis.zcard('{zq:instant}:open');
    const high = await fleet.generate({ priority: 'high' }, { key: crowd.key });
    const highJob = await fleet.finished(high.id);
    const audit = await auditFleet(fleet, crowdIds, 200_000);

    const crowdJobs = await Promise.all(crowdIds.map((id) => fleet.document(id)));
    const ends = [...crowdJobs, ...guestJobs].map((job) => Number(job.finishedAt));
    const between = (fromMs: number, toMs: number): number =>
      ends.filter((end) => end >= fromMs && end < toMs).length / ((toMs - fromMs) / 1000);
    const [guestCame, guestLeft] = [Number(guestJobs[0]!.createdAt), Number(guestJobs.at(-1)!.finishedAt)];
    const [together, crowdAlone] = [between(guestCame, guestLeft), between(guestLeft, Math.max(...ends))];
    reportFault(
      `${backlog} jobs of one tenant: another's takes ${beside} ms (empty queue: ${alone} ms), ${together.toFixed(1)} jobs/s (without it: ${crowdAlone.toFixed(1)})`,
      audit,
    );

    expect(stillWaiting).toBeGreaterThan(20);
    expect(beside).toBeLessThan(2 * alone + 50);
    expect(tookMs(highJob)).toBeLessThan(3 * alone + 50);
    expect(together).toBeGreaterThan(0.8 * crowdAlone);
    const lowBeforeGuestLeft = crowdJobs.filter(
      (job) => job.priority === 'low' && Number(job.finishedAt) < guestLeft && job.state === 'succeeded',
    );
    expect(lowBeforeGuestLeft.length).toBeGreaterThan(0);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: backlog } });
  }, 400_000);
});
