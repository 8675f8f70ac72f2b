import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobEvents } from '@app/common/jobs/job-events.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { apiConnection, workerConnection } from '@app/common/queue/connection.js';
import { JobSource } from '@app/common/queue/job-source.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { startRedis, type RedisServer } from '../../apps/cli/src/embedded/redis-server.js';
import { newJob, newModel } from '../support/jobs.js';

describe('an outage of Redis', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'zimage-outage-'));
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis({ root: resolve('.'), dataDir });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('loses no accepted job; fetching and following go on by themselves', async () => {
    const model = newModel();
    const [own, fetching, following] = [1, 2, 3].map(() => {
      const connection = workerConnection(server.url);
      connection.on('error', () => undefined);
      return connection;
    });
    const jobs = new JobStore(own!, { models: [model] });
    const source = new JobSource(fetching!, model, 'survivor');
    await source.open();
    const events = new JobEvents(own!, () => following!);

    const { record: held } = await jobs.accept(newJob(model));
    const heldJob = await source.next();
    await jobs.start(held.id, heldJob!.fence, 'survivor');
    const { record: waiting } = await jobs.accept(newJob(model));
    const result = (async () => {
      for await (const event of events.read(waiting.id, '0')) if (event.type === 'result') return event.data;
      return null;
    })();

    server.process.kill('SIGKILL');
    await once(server.process, 'exit');
    const next = source.next();
    await sleep(2_000);
    server = await startRedis({ root: resolve('.'), dataDir, port: server.port });

    const fetched = await next;
    expect(fetched).toMatchObject({ id: waiting.id });
    await jobs.start(waiting.id, fetched!.fence, 'survivor');
    expect(await jobs.commit(waiting.id, fetched!.fence, { state: 'succeeded', images: [] })).toBe(true);
    await source.complete(fetched!);
    expect(await result).toEqual({ state: 'succeeded' });

    // Two seconds are less than the lock's life: the job in hand is still this worker's.
    expect(await jobs.commit(held.id, heldJob!.fence, { state: 'succeeded', images: [] })).toBe(true);
    await source.complete(heldJob!);
    expect(await jobs.backlog(model)).toEqual({ jobs: 0, units: 0 });

    await source.drain();
    await source.close();
    await events.close();
    await jobs.close();
    for (const connection of [own, fetching]) connection!.disconnect();
  });

  it('during the first add of a process fails that add and none after it', async () => {
    const model = newModel();
    const connection = apiConnection(server.url);
    await once(connection, 'ready');
    const queues = new ModelQueues(connection);
    const add = (id: string): Promise<void> => queues.add(model, { version: 1, id, tag: 0, fenceBase: 0 }, 1);

    server.process.kill('SIGSTOP');
    await expect(add('first')).rejects.toThrow('Command timed out');
    server.process.kill('SIGCONT');
    await add('second');
    expect(await queues.remove(model, 'second')).toBe(true);

    await queues.close();
    connection.disconnect();
  });
});
