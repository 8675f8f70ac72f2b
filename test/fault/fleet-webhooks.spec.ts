import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { faultScale, reportFault } from '../support/fault-report.js';
import { HookEndpoints, hookFaults, type HookFault } from '../support/hook-endpoints.js';

describe('webhook endpoints that fail, and a sender that is killed', () => {
  let fleet: Fleet;
  let endpoints: HookEndpoints;
  beforeAll(async () => {
    endpoints = await HookEndpoints.start();
    fleet = await Fleet.start({ workers: 1, environment: { INSTANT_STEP_MS: '5' } });
  });
  afterAll(async () => {
    await fleet.stop();
    await endpoints.stop();
  });

  it('every terminal job that asked is told of, under one id of its own; 410 ends an endpoint', async () => {
    const jobs = new Map<HookFault, string[]>(hookFaults.map((fault) => [fault, []]));
    const all: string[] = [];
    for (let i = 0; i < 4 * faultScale; i++) {
      for (const fault of hookFaults) {
        const webhook = { url: endpoints.url(fault), events: ['job.succeeded', 'job.failed'] };
        const { id } = await fleet.generate({ seed: i, webhook });
        jobs.get(fault)!.push(id);
        all.push(id);
      }
      // One that asked for nothing.
      all.push((await fleet.generate({ seed: i })).id);
      if (i === 1 || i === 3) fleet.sender.kill('SIGKILL');
    }
    const audit = await auditFleet(fleet, all);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: all.length } });

    const wanted = hookFaults.filter((fault) => fault !== 'gone').flatMap((fault) => jobs.get(fault)!);
    const endedAt = Date.now();
    await eventually(() => endpoints.delivered.size >= wanted.length);
    const recoveryMs = Date.now() - endedAt;
    await sleep(500);
    expect(endpoints.delivered.size).toBe(wanted.length);
    for (const fault of hookFaults) {
      const ids = new Set([...endpoints.delivered.keys()].filter((id) => id.startsWith(`${fault} `)));
      expect([fault, ids.size]).toEqual([fault, fault === 'gone' ? 0 : jobs.get(fault)!.length]);
    }
    reportFault('webhooks: 500, timeout, reset, 301, 410; the sender killed twice', audit, [recoveryMs]);

    const tried = endpoints.attempts.size;
    const later = await fleet.generate({ webhook: { url: endpoints.url('gone'), events: ['job.succeeded'] } });
    await fleet.finished(later.id);
    await eventually(async () => {
      const deliveries = (await (await fleet.get(`/v1/jobs/${later.id}/deliveries`)).json()) as {
        deliveries: { outcome: string }[];
      };
      return deliveries.deliveries[0]?.outcome === 'disabled';
    });
    expect(endpoints.attempts.size).toBe(tried);
  });
});
