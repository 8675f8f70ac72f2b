import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditFleet, eventsOf, restartsAfter } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { boundMs, faultScale, reportFault } from '../support/fault-report.js';

/** Whether the job of a worker that died there has to run again. */
const points = [
  ['after fetch', true],
  ['after start', true],
  ['mid-step', true],
  ['after upload', true],
  ['before commit', true],
  ['after commit', false],
  ['after completion', false],
] as const;

describe('kill -9 of a worker at each point of a job’s way', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ workers: 0, tokenBudget: 256, environment: { INSTANT_STEP_MS: '20' } });
  });
  afterAll(() => fleet.stop());

  it('each job ends once, with one object; what was not committed begins again within 20 s', async () => {
    const fileOf = (point: string): string => join(fleet.dataDir, point.replaceAll(' ', '-'));
    const entry = 'test/instant-engine/dying-worker.mjs';
    // Before the workers: each takes one job, dies with it, and lives on when it is started again.
    const post = async (seed: number): Promise<string> => (await fleet.generate({ seed, steps: 8 })).id;
    const ids = await Promise.all(Array.from({ length: 20 + 10 * faultScale }, (_, seed) => post(seed)));
    const dead = points.map(async ([point]) => {
      await fleet.addWorker({ entry, environment: { DIE_AT: point, DIE_FILE: fileOf(point) } });
      await eventually(() => existsSync(fileOf(point)) && readFileSync(fileOf(point), 'utf8') !== '');
      // Not the file's own time, which is coarser than Redis' clock.
      return JSON.parse(readFileSync(fileOf(point), 'utf8')) as { id: string; atMs: number };
    });
    const victims = await Promise.all(dead);
    const audit = await auditFleet(fleet, ids);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: ids.length } });

    for (const [i, [point, runsAgain]] of points.entries()) {
      const { id, atMs } = victims[i]!;
      const waits = runsAgain ? await restartsAfter(fleet, [id], atMs) : [];
      const starts = (await eventsOf(fleet, id)).filter(({ data }) => data.state === 'running').length;
      reportFault(`kill -9 of a worker ${point}`, { ...audit, jobs: 1 }, waits);
      expect([point, starts]).toEqual([point, runsAgain && point !== 'after fetch' ? 2 : 1]);
      expect(waits).toHaveLength(runsAgain ? 1 : 0);
      expect(Math.max(0, ...waits)).toBeLessThan(boundMs(20_000));
    }
  });
});
