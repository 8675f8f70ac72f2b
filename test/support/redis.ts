import { afterAll, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { startRedis } from '../../apps/cli/src/embedded/redis-server.js';

export interface TestRedis {
  url: string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** A Redis of the test's own, in a temporary folder. */
export async function testRedis(port?: number): Promise<TestRedis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'zimage-redis-'));
  const root = resolve('.');
  const server = await startRedis({ root, dataDir, appendfsync: 'everysec', ...(port !== undefined && { port }) });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface UsedRedis {
  redis: Redis;
  redisUrl: string;
  /** Closes what was opened over it, the latest first, after the file's last test, while Redis is still there. */
  atEnd: (close: () => unknown) => void;
}

/**
 * For the top of a spec file: a Redis and a connection to it, from before the file's first test until after its last.
 * Nothing is started where no test of the file is to run.
 */
export async function useRedis(): Promise<UsedRedis> {
  const port = await freePort();
  const redisUrl = `redis://127.0.0.1:${port}`;
  const redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: null });
  const closings: (() => unknown)[] = [];
  beforeAll(async () => {
    const server = await testRedis(port);
    closings.push(() => server.stop());
    await redis.connect();
    closings.push(() => redis.disconnect());
  });
  afterAll(async () => {
    for (const close of closings.reverse()) await close();
  });
  return { redis, redisUrl, atEnd: (close) => void closings.push(close) };
}
