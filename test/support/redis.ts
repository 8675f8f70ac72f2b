import { afterAll } from '@jest/globals';
import type { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { workerConnection } from '@app/common/queue/connection.js';
import { startRedis } from '../../apps/cli/src/embedded/redis-server.js';

export interface TestRedis {
  url: string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** A Redis of the test's own, in a temporary folder. */
export async function testRedis(): Promise<TestRedis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'zimage-redis-'));
  const server = await startRedis({ root: resolve('.'), dataDir, appendfsync: 'everysec' });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface OpenRedis {
  redis: Redis;
  redisUrl: string;
  /** Closes what was opened over it, the latest first, when the file's last test is over and Redis still there. */
  atEnd: (close: () => unknown) => void;
}

/** For the top of a spec file: a Redis and a connection to it, until the file's last test is over. */
export async function openRedis(): Promise<OpenRedis> {
  const server = await testRedis();
  const redis = workerConnection(server.url);
  const closings: (() => unknown)[] = [];
  afterAll(async () => {
    for (const close of closings.reverse()) await close();
    redis.disconnect();
    await server.stop();
  });
  return { redis, redisUrl: server.url, atEnd: (close) => void closings.push(close) };
}
