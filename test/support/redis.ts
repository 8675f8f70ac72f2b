import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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
