import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet, jobsOf, recoveriesAfter, restartsAfter } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { isAlive } from '../support/embedded.js';
import { eventually } from '../support/eventually.js';
import { boundMs, faultScale, reportFault } from '../support/fault-report.js';

const clean = { lost: 0, duplicated: 0, stuck: 0 };
const imageTokens = 256;

describe('workers die under load', () => {
  let fleet: Fleet;
  afterEach(() => fleet.stop());

  const post = async (count: number, body: object): Promise<string[]> => {
    const ids: string[] = [];
    for (let seed = 0; seed < count; seed++) ids.push((await fleet.generate({ seed, steps: 8, ...body })).id);
    return ids;
  };

  it('kill -9 of a random worker every two seconds: each orphan is in hand again within 20 s', async () => {
    fleet = await Fleet.start({
      workers: 0,
      tokenBudget: 4 * imageTokens,
      environment: { INSTANT_STEP_MS: '100' },
    });
    // Before the workers, so that there is enough to do however long posting takes.
    const ids = await post(100 * faultScale, {});
    await Promise.all([1, 2, 3].map(() => fleet.addWorker()));
    const kills: { ids: string[]; atMs: number }[] = [];
    const open = async (): Promise<number> => fleet.redis.zcard('{zq:instant}:open');
    await eventually(async () => (await jobsOf(fleet, fleet.workers[0]!.pid)).length > 1);
    for (let victim = 0; (await open()) > ids.length / 4; victim++) {
      const worker = fleet.workers[victim % 3]!;
      const held = await jobsOf(fleet, worker.pid);
      kills.push({ ids: held, atMs: Date.now() });
      worker.kill('SIGKILL');
      await sleep(2000);
    }
    const audit = await auditFleet(fleet, ids);
    const waits = await recoveriesAfter(fleet, kills);
    reportFault(`kill -9 of a worker every 2 s (${kills.length} kills)`, audit, waits);
    expect(audit).toMatchObject({ ...clean, states: { succeeded: ids.length } });
    expect(waits.length).toBeGreaterThan(0);
    expect(Math.max(...waits)).toBeLessThan(boundMs(20_000));
  });

  it('a job that kills every engine fails, its neighbours succeed', async () => {
    fleet = await Fleet.start({ environment: { INSTANT_STEP_MS: '100' } });
    const neighbours = await post(6, {});
    const [poison] = await post(1, { prompt: 'crash' });
    const audit = await auditFleet(fleet, [...neighbours, poison!]);
    reportFault('a job that kills its engine, six neighbours', audit);
    expect(audit).toMatchObject({ ...clean, states: { succeeded: 6, failed: 1 } });
    const { crashes, error } = await fleet.document(poison!);
    expect([crashes, (JSON.parse(error!) as { code: string }).code]).toEqual(['2', 'engine_crashed']);
  });

  it('a job that makes its engine hang is found out, fails, and the next one succeeds', async () => {
    fleet = await Fleet.start({ environment: { ENGINE_HANG_S: '5' } });
    const [hanging] = await post(1, { prompt: 'hang' });
    await fleet.until(hanging!, ({ state }) => state === 'running');
    const audit = await auditFleet(fleet, [hanging!, ...(await post(1, {}))]);
    reportFault('a job that makes its engine hang', audit);
    expect(audit).toMatchObject({ ...clean, states: { succeeded: 1, failed: 1 } });
  });

  it('SIGTERM during a full batch: exits in its grace period, and what cannot finish goes back', async () => {
    fleet = await Fleet.start({ tokenBudget: 4 * imageTokens });
    const long = await post(4, { prompt: 'sleep=500', steps: 24 });
    await Promise.all(long.map((id) => fleet.until(id, ({ state }) => state === 'running')));
    const [leaving] = fleet.workers;
    const { pid } = leaving!;
    const toldAt = Date.now();
    const exitCode = leaving!.stop();
    await eventually(() => !isAlive(pid));
    const leftAfterMs = Date.now() - toldAt;
    expect(await exitCode).toBe(0);
    for (const id of long) expect(await fleet.document(id)).toMatchObject({ state: 'queued', attempts: '1' });
    const backAt = Date.now();
    await fleet.addWorker();
    const audit = await auditFleet(fleet, long);
    reportFault('SIGTERM during a full batch', audit, await restartsAfter(fleet, long, backAt));
    expect(audit).toMatchObject({ ...clean, states: { succeeded: 4 } });
    expect(leftAfterMs).toBeLessThan(boundMs(6_000));
  });
});
