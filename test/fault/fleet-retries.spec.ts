import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditFleet } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { reportFault } from '../support/fault-report.js';

describe('a storm of retries while the API is killed', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ workers: 1 });
  });
  afterAll(() => fleet.stop());

  it('200 posts on ten idempotency keys, twenty at a time, make ten jobs', async () => {
    const idsOf = new Map<string, Set<string>>();
    const post = async (key: string): Promise<void> => {
      for (;;) {
        const response = await fleet.post({ seed: 7 }, { headers: { 'idempotency-key': key } }).catch(() => null);
        if (response && [200, 202].includes(response.status)) {
          const { id } = (await response.json()) as { id: string };
          idsOf.set(key, (idsOf.get(key) ?? new Set()).add(id));
          return;
        }
        // No answer, being made, or busy: as a client would.
        if (response && ![409, 429, 503].includes(response.status)) throw new Error(`answer ${response.status}`);
        await sleep(200);
      }
    };
    const posts = Array.from({ length: 200 }, (_, i) => `key-${i % 10}`);
    for (let i = 0; i < posts.length; i += 20) {
      const round = Promise.all(posts.slice(i, i + 20).map(post));
      if (i === 0 || i === 100) fleet.api.kill('SIGKILL');
      await round;
    }
    const ids = [...idsOf.values()].flatMap((set) => [...set]);
    expect([idsOf.size, ids.length]).toEqual([10, 10]);
    const audit = await auditFleet(fleet, ids);
    reportFault('200 posts on ten keys, the API killed twice', audit);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: 10 } });
    expect((await fleet.redis.keys('{zq:instant}:job:*')).length).toBe(10);
  });
});
