import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet, firstEndAfter } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { boundMs, faultScale, reportFault } from '../support/fault-report.js';
import { PostingClients } from '../support/posting-clients.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const faultyMs = 1_000 + 2_000 * faultScale;

describe('a bad network between the processes and Redis', () => {
  let proxy: TcpProxy;
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({
      workers: 2,
      environment: { INSTANT_STEP_MS: '20' },
      redisUrlOf: async (url) => {
        proxy = await TcpProxy.start(Number(new URL(url).port));
        return `redis://127.0.0.1:${proxy.port}`;
      },
    });
  });
  afterEach(() => proxy.restore());
  afterAll(async () => {
    await fleet.stop();
    await proxy.stop();
  });

  /** The first two are what a restarted server does not show. */
  const faults: [name: string, fault: (refused: () => number) => Promise<void>][] = [
    [
      'packets dropped, connections open',
      async (refused) => {
        proxy.hang();
        await sleep(faultyMs);
        // Answered while the bytes are still on their way to nowhere.
        await eventually(() => refused() > 0);
      },
    ],
    [
      'every connection cut twice a second',
      async () => {
        for (let at = 0; at < faultyMs; at += 500) {
          proxy.cut();
          await sleep(500);
        }
      },
    ],
    [
      'unreachable',
      async (refused) => {
        proxy.cut({ refuse: true });
        await sleep(faultyMs);
        await eventually(() => refused() > 0);
      },
    ],
    [
      '50 ms on every packet',
      async () => {
        proxy.delayMs = 50;
        await sleep(faultyMs);
        proxy.delayMs = 0;
      },
    ],
  ];

  it.each(faultScale > 1 ? faults : faults.slice(0, 2))(
    '%s: nothing acknowledged is lost, clients are answered meanwhile, work resumes',
    async (name, fault) => {
      const clients = new PostingClients(fleet, 1, 30);
      const { accepted, refusals } = clients;
      await sleep(500);
      await fault(() => refusals.length);
      proxy.restore();
      const backAt = Date.now();
      await clients.accept(20);
      await clients.stop();
      const audit = await auditFleet(fleet, accepted);
      const firstEnd = await firstEndAfter(fleet, accepted, backAt);
      reportFault(`Redis over a bad network: ${name}, ${faultyMs / 1000} s`, audit, [firstEnd - backAt]);
      expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: accepted.length } });
      expect(firstEnd - backAt).toBeLessThan(boundMs(10_000));
      expect(refusals.filter(({ status, tookMs }) => status !== 503 || tookMs > boundMs(2_000))).toEqual([]);
    },
  );
});
