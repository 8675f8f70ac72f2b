import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, type RedisServer } from '../../apps/cli/src/embedded/redis-server.js';
import { Embedded } from '../support/embedded.js';

describe('Redis is killed while jobs run and wait', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'zimage-redis-'));
  let redis: RedisServer;
  let service: Embedded;
  const start = (port?: number): Promise<RedisServer> =>
    startRedis({ root: resolve('.'), dataDir, appendfsync: 'always', ...(port !== undefined && { port }) });

  beforeAll(async () => {
    redis = await start();
    service = await Embedded.start({ workers: 'z-image-nano-turbo', environment: { REDIS_URL: redis.url } });
  });
  afterAll(async () => {
    await service.stop();
    await redis.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('answers 503 meanwhile, and loses no accepted job', async () => {
    const posted = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        service.generate({ prompt: 'panda', steps: 40, seed: index, batch: index > 1 }),
      ),
    );
    await service.stepping(posted[0]!.id);
    redis.process.kill('SIGKILL');
    const [read, written] = await Promise.all([
      service.fetch(`/v1/jobs/${posted[0]!.id}`),
      service.post({ prompt: 'fox' }),
    ]);
    expect([read.status, written.status]).toEqual([503, 503]);
    expect(read.headers.get('retry-after')).not.toBeNull();
    await sleep(1000);

    redis = await start(redis.port);
    const jobs = await Promise.all(posted.map(({ id }) => service.finished(id)));
    expect(jobs.map(({ state }) => state)).toEqual(posted.map(() => 'succeeded'));
    for (const { id } of jobs) expect(service.objects(id)).toHaveLength(1);
    const later = await service.generate({ prompt: 'fox' });
    expect(await service.finished(later.id)).toMatchObject({ state: 'succeeded' });
  });
});
