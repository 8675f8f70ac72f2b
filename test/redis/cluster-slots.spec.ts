import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentOf, findRedisBinary } from '../../apps/cli/src/embedded/redis-binary.js';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { JobEvents } from '@app/common/jobs/job-events.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { JobUpkeep } from '@app/common/jobs/job-upkeep.js';
import { QueueRebase } from '@app/common/jobs/queue-rebase.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { JobSource } from '@app/common/queue/job-source.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import { Outbox } from '@app/common/webhooks/outbox.js';
import { newJob, newModel } from '../support/jobs.js';

/** In cluster mode a Redis refuses what spans two slots (CROSSSLOT), also when it has all of them itself. */
describe('a Redis in cluster mode', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zimage-cluster-'));
  let server: ChildProcess;
  let url: string;
  let redis: Redis;

  beforeAll(async () => {
    const binary = findRedisBinary(resolve('.'));
    const port = await freePort();
    server = spawn(
      binary.command,
      ['--port', String(port), '--dir', folder, '--save', '', '--cluster-enabled', 'yes'],
      {
        env: environmentOf(binary),
      },
    );
    url = `redis://127.0.0.1:${port}`;
    redis = workerConnection(url).on('error', () => undefined);
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
  });
  afterAll(async () => {
    redis.disconnect();
    server.kill('SIGKILL');
    await once(server, 'exit');
    rmSync(folder, { recursive: true });
  });

  it('takes every command of the life of two models’ jobs', async () => {
    const models = [newModel(), newModel()];
    const jobs = new JobStore(redis, { models });
    const events = new JobEvents(redis, () => workerConnection(url));
    const webhook = { url: 'https://example.com', events: ['job.succeeded' as const] };
    const accepted = await Promise.all(
      models.map((model) =>
        jobs.accept(
          newJob(model, {
            webhook,
            quota: 100,
            idempotency: { key: model, fingerprint: 'f' },
            deadlineAt: Date.now() + 60_000,
          }),
        ),
      ),
    );
    const ids = accepted.map(({ record }) => record.id);
    const ends = ids.map(async (id) => {
      const types: string[] = [];
      for await (const { type } of events.read(id, '0')) types.push(type);
      return types;
    });
    const queues = new ModelQueues(redis);
    for (const model of models) {
      await new QueueRebase(redis, queues, model, -1).run();
      const connection = workerConnection(url);
      const source = new JobSource(connection, model, 'worker');
      await source.open();
      const job = await source.next();
      await jobs.start(job!.id, job!.fence, 'worker');
      await jobs.progress(job!.id, job!.fence, 1, 8);
      await jobs.preview(job!.id, job!.fence, { index: 0, step: 1, width: 8, height: 8, key: 'k' });
      await jobs.commit(job!.id, job!.fence, { state: 'succeeded', images: [] });
      await source.complete(job!);
      await source.drain();
      await source.close();
      connection.disconnect();
    }
    expect(await Promise.all(ends)).toEqual(ids.map(() => ['state', 'progress', 'preview', 'result']));

    const deliveries = new DeliveryQueue(redis);
    for (const [i, model] of models.entries()) {
      const outbox = new Outbox(redis, model);
      const entries = await outbox.lease(50);
      expect(entries).toEqual([`${ids[i]}.job.succeeded`]);
      await deliveries.add(entries.map((entry) => ({ entry, attempts: 3 })));
      await outbox.remove(entries);
      const upkeep = new JobUpkeep(redis, jobs, queues, model);
      await jobs.cancel((await jobs.accept(newJob(model))).record.id);
      await upkeep.settleDue();
      await upkeep.addUnqueued();
      await upkeep.requeueLost();
      await upkeep.removeFinished();
      await upkeep.tidy();
      await upkeep.cleanIndexes();
    }
    expect(await deliveries.pending()).toBe(2);
    expect((await jobs.list({ tenant: 'acme', limit: 10 })).jobs).toHaveLength(4);
    expect(await new DeliveryLog(redis).list(ids[0]!)).toEqual([]);
    await Promise.all([events.close(), deliveries.close(), queues.close(), jobs.close()]);
  });
});
