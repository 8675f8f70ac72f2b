import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet, eventsOf } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { boundMs, isLong, reportFault } from '../support/fault-report.js';

const outagesS = isLong ? [3, 20, 60] : [3];

describe('kill -9 of Redis under load, with an append-only file that is always synced', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ workers: 2, environment: { INSTANT_STEP_MS: '20' } });
  });
  afterAll(() => fleet.stop());

  it.each(outagesS)('away for %i s: no acknowledged job is lost, work resumes within 10 s', async (awayS) => {
    const accepted: string[] = [];
    const refusals: { status: number; tookMs: number }[] = [];
    let posting = true;
    const client = async (): Promise<void> => {
      while (posting) {
        const startedAt = Date.now();
        const response = await fleet.post({ steps: 8 });
        if (response.status === 202) accepted.push(((await response.json()) as { id: string }).id);
        else refusals.push({ status: response.status, tookMs: Date.now() - startedAt });
        await sleep(response.status === 202 ? 20 : 200);
      }
    };
    const clients = [client(), client()];
    await eventually(() => accepted.length >= 20);
    await fleet.killRedis(awayS * 1000);
    const backAt = Date.now();
    const before = accepted.length;
    await eventually(() => accepted.length >= before + 20);
    posting = false;
    await Promise.all(clients);
    const audit = await auditFleet(fleet, accepted);

    const events = (await Promise.all(accepted.map((id) => eventsOf(fleet, id)))).flat();
    const firstEnd = Math.min(
      ...events.filter(({ atMs, type }) => atMs > backAt && type === 'result').map((e) => e.atMs),
    );
    reportFault(`Redis away for ${awayS} s`, audit, [firstEnd - backAt]);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: accepted.length } });
    expect(firstEnd - backAt).toBeLessThan(boundMs(10_000));
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.every(({ status, tookMs }) => status === 503 && tookMs < boundMs(2_000))).toBe(true);
  });
});
