import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ServiceError } from '@app/common/errors.js';

/** No Redis binary on this machine; the message says how to get one. */
export class RedisMissing extends ServiceError {
  readonly code = 'redis_missing';
}

export interface RedisBinary {
  command: string;
  libraryPath?: string;
}

/** The first that runs: redis-server or valkey-server on the path, then what `scripts/install-redis.sh` put in .tools/. */
export function findRedisBinary(root: string): RedisBinary {
  const candidates: RedisBinary[] = [
    { command: 'redis-server' },
    { command: 'valkey-server' },
    { command: resolve(root, '.tools/redis/bin/redis-server'), libraryPath: resolve(root, '.tools/redis/lib') },
  ];
  for (const candidate of candidates) {
    if (candidate.command.includes('/') && !existsSync(candidate.command)) continue;
    if (spawnSync(candidate.command, ['--version'], { env: environmentOf(candidate) }).status === 0) return candidate;
  }
  throw new RedisMissing(
    'no redis-server or valkey-server found. Set REDIS_URL, install one (Debian: apt-get install redis-server), or run scripts/install-redis.sh',
  );
}

/** Unpacked packages bring their own libraries. */
export const environmentOf = ({ libraryPath }: RedisBinary): NodeJS.ProcessEnv =>
  libraryPath ? { ...process.env, LD_LIBRARY_PATH: libraryPath } : process.env;
