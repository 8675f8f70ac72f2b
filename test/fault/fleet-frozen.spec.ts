import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet, jobsOf, restartsAfter } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { boundMs, faultScale, reportFault } from '../support/fault-report.js';

const lockMs = 10_000;
/** Longer than the lock; three times as long at larger scales. */
const frozenMs = faultScale > 1 ? 3 * lockMs : 1.3 * lockMs;
const clean = { lost: 0, duplicated: 0, stuck: 0 };

describe('a worker is stopped for longer than its lock, and goes on', () => {
  let fleet: Fleet;
  afterEach(() => fleet.stop());

  const post = async (count: number, body: object): Promise<string[]> => {
    const jobs = await Promise.all(Array.from({ length: count }, (_, seed) => fleet.generate({ seed, ...body })));
    const ids = jobs.map(({ id }) => id);
    await Promise.all(ids.map((id) => fleet.until(id, ({ state }) => state === 'running')));
    return ids;
  };

  it('another worker’s result stands: the late one is refused, and there is one object', async () => {
    fleet = await Fleet.start({ workers: 2, tokenBudget: 2 * 256 });
    const ids = await post(4, { prompt: 'sleep=500', steps: 8 });
    const [frozen] = fleet.workers;
    const held = await jobsOf(fleet, frozen!.pid);
    expect(held).toHaveLength(2);
    frozen!.kill('SIGSTOP');
    const stoppedAt = Date.now();
    await sleep(frozenMs);
    const others = await Promise.all(ids.map((id) => fleet.finished(id)));
    frozen!.kill('SIGCONT');
    // Its engine finished long ago: the images arrive now.
    await sleep(2_000);
    for (const [i, id] of ids.entries()) expect(await fleet.document(id)).toEqual(others[i]);
    const audit = await auditFleet(fleet, ids);
    reportFault(
      `SIGSTOP of a worker for ${frozenMs / 1000} s, another is there`,
      audit,
      await restartsAfter(fleet, held, stoppedAt),
    );
    expect(audit).toMatchObject({ ...clean, states: { succeeded: 4 } });
    expect(others.filter(({ attempts }) => attempts === '2')).toHaveLength(2);
  });

  // At CI's size test/redis/job-source.spec.ts shows it, without the processes.
  if (faultScale === 1) return;
  it('alone, it fetches its own jobs again, and each ends once with one object', async () => {
    fleet = await Fleet.start({ workers: 1, tokenBudget: 4 * 256 });
    // Two are ready when it goes on, two are not.
    const ids = [
      ...(await post(2, { prompt: 'sleep=500', steps: 8 })),
      ...(await post(2, { prompt: `sleep=${frozenMs / 6}`, steps: 8 })),
    ];
    const [frozen] = fleet.workers;
    frozen!.kill('SIGSTOP');
    await sleep(frozenMs);
    frozen!.kill('SIGCONT');
    const goesOnAt = Date.now();
    const audit = await auditFleet(fleet, ids);
    const waits = await restartsAfter(fleet, ids, goesOnAt);
    reportFault(`SIGSTOP of the only worker for ${frozenMs / 1000} s`, audit, waits);
    expect(audit).toMatchObject({ ...clean, states: { succeeded: 4 } });
    expect(waits.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...waits)).toBeLessThan(boundMs(10_000));
  });
});
