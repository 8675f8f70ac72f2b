import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { faultScale } from '../support/fault-report.js';

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe('one tenant fills the queue, another asks now and then', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    // Room for four images of 256 × 256, 200 ms each: 20 jobs a second.
    fleet = await Fleet.start({ tokenBudget: 1024, appendfsync: 'everysec', environment: { INSTANT_STEP_MS: '25' } });
  });
  afterAll(() => fleet.stop());

  /** Posts one job every half second and returns how long each took, in ms. */
  const askNowAndThen = async (count: number, key: string): Promise<number[]> => {
    const tookMs: number[] = [];
    for (let i = 0; i < count; i++) {
      const { id } = await fleet.generate({ seed: i }, { key });
      const job = await fleet.finished(id);
      tookMs.push(Number(job.finishedAt) - Number(job.createdAt));
      await sleep(500);
    }
    return tookMs;
  };

  it("the second tenant's median wait stays within twice an empty queue's; nobody starves", async () => {
    const [crowd, guest] = await Promise.all([fleet.newKey('crowd'), fleet.newKey('guest')]);
    const alone = await askNowAndThen(8, guest.key);

    const crowdIds: string[] = [];
    const size = 300 * faultScale;
    for (let i = 0; i < size; i += 10) {
      const posted = await Promise.all(
        Array.from({ length: 10 }, (_, j) =>
          fleet.generate({ seed: i + j, priority: (i + j) % 5 === 4 ? 'low' : 'normal' }, { key: crowd.key }),
        ),
      );
      crowdIds.push(...posted.map(({ id }) => id));
    }
    const beside = await askNowAndThen(8, guest.key);
    const stillWaiting = await fleet.redis.zcard('{zq:instant}:open');
    const high = await fleet.generate({ priority: 'high' }, { key: crowd.key });
    const highJob = await fleet.finished(high.id);

    expect(stillWaiting).toBeGreaterThan(20);
    expect(median(beside)).toBeLessThan(2 * median(alone) + 50);
    expect(Number(highJob.finishedAt) - Number(highJob.createdAt)).toBeLessThan(3 * median(alone) + 50);
    const lowDone = await Promise.all(crowdIds.filter((_, i) => i % 5 === 4).map((id) => fleet.document(id)));
    expect(lowDone.filter(({ state }) => state === 'succeeded').length).toBeGreaterThan(0);
    expect(await auditFleet(fleet, crowdIds)).toMatchObject({ lost: 0, duplicated: 0, stuck: 0 });
  }, 180_000);
});
