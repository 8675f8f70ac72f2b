import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditFleet, firstEndAfter } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { boundMs, isLong, reportFault } from '../support/fault-report.js';
import { PostingClients } from '../support/posting-clients.js';

const outagesS = isLong ? [3, 20, 60] : [3];

describe('kill -9 of Redis under load, with an append-only file that is always synced', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ workers: 2, environment: { INSTANT_STEP_MS: '20' } });
  });
  afterAll(() => fleet.stop());

  it.each(outagesS)('away for %i s: no acknowledged job is lost, work resumes within 10 s', async (awayS) => {
    const clients = new PostingClients(fleet, 2, 20);
    const { accepted, refusals } = clients;
    await clients.accept(20);
    await fleet.killRedis(awayS * 1000);
    const backAt = Date.now();
    await clients.accept(20);
    await clients.stop();
    const audit = await auditFleet(fleet, accepted);
    const firstEnd = await firstEndAfter(fleet, accepted, backAt);
    reportFault(`Redis away for ${awayS} s`, audit, [firstEnd - backAt]);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: accepted.length } });
    expect(firstEnd - backAt).toBeLessThan(boundMs(10_000));
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.every(({ status, tookMs }) => status === 503 && tookMs < boundMs(2_000))).toBe(true);
  });
});
