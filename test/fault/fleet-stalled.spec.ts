import { afterEach, describe, expect, it } from '@jest/globals';
import { manualWorker } from '@app/common/queue/model-queue.js';
import type { JobDocument } from '@app/common/jobs/job-document.js';
import { auditFleet } from '../fleet/audit.mjs';
import { Fleet, fleetModel } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { reportFault } from '../support/fault-report.js';
import { recoverStalled } from '../support/stalled-check.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** BullMQ gives a job back to the queue this often; one more, and it is to fail. */
const maxStalledCount = 20;
const queue = `{zq:${fleetModel}}:jobs`;

describe('a job that is lost with its worker over and over', () => {
  let fleet: Fleet;
  let receiver: WebhookReceiver;
  afterEach(async () => {
    await fleet.stop();
    await receiver.stop();
  });

  it('ends once, as worker_lost, when BullMQ has counted too many, and the queue goes on', async () => {
    receiver = await WebhookReceiver.start();
    fleet = await Fleet.start({ tokenBudget: 256 });
    const webhook = { url: receiver.url, events: ['job.started', 'job.succeeded', 'job.failed'] };
    const lost = await fleet.generate({ prompt: 'sleep=60000', steps: 8, webhook });
    const next = await fleet.generate({ webhook });
    const checker = manualWorker(fleetModel, fleet.redis);
    const stalledCount = (): Promise<string | null> => fleet.redis.hget(`${queue}:${lost.id}`, 'stc');

    for (let kills = 1; kills <= maxStalledCount + 1; kills++) {
      await fleet.until(lost.id, ({ state, attempts }) => state === 'running' && attempts === String(kills));
      fleet.workers[0]!.kill('SIGKILL');
      // Instead of waiting for it to run out. The janitor's check may be the one that sees it.
      await fleet.redis.del(`${queue}:${lost.id}:lock`);
      await recoverStalled(fleet.redis, fleetModel, checker);
      if (kills <= maxStalledCount) expect(await stalledCount()).toBe(String(kills));
    }
    await checker.close();

    const audit = await auditFleet(fleet, [lost.id, next.id]);
    reportFault(`kill -9 of a worker with the same job, ${maxStalledCount + 1} times`, audit);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { failed: 1, succeeded: 1 } });

    const document = (await (await fleet.get(`/v1/jobs/${lost.id}`)).json()) as JobDocument;
    const error = { code: 'worker_lost', message: 'job stalled more than allowable limit' };
    expect(document).toMatchObject({ state: 'failed', error, images: [] });
    expect(await fleet.redis.exists(`${queue}:${lost.id}`)).toBe(0);

    const told = (): string[] =>
      receiver.received
        .map(({ body }) => JSON.parse(body) as { type: string; data: JobDocument })
        .filter(({ data }) => data.id === lost.id)
        .map(({ type }) => type);
    await eventually(() => receiver.received.length === 4);
    expect(told().sort()).toEqual(['job.failed', 'job.started']);
  });
});
