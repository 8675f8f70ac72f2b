import { spawnSync } from 'node:child_process';
import type { Redis } from 'ioredis';
import { environmentOf, findRedisBinary, RedisMissing } from '../embedded/redis-binary.js';
import { connectOnce, RedisUnreachable } from '../embedded/redis-connection.js';
import { checkClock } from './check-clock.js';
import { fail, ok, warn, type Finding } from './finding.js';

/** Valkey reports the Redis that it is compatible with. */
const oldestMajor = 7;
/** noeviction answers writes with an error when memory is full. */
const memoryWarnShare = 0.8;

/** The Redis of a URL: that it answers, keeps what it is told, and has the same time. `now`: ms since 1970. */
export async function checkRedis(url: string, now: () => number = Date.now): Promise<Finding[]> {
  let redis: Redis;
  try {
    redis = await connectOnce(url);
  } catch (error) {
    if (!(error instanceof RedisUnreachable)) throw error;
    return [fail('redis', error.message, 'start Redis, or set REDIS_URL to one that runs, with its password')];
  }
  try {
    const info = parseInfo(await redis.info());
    return [
      checkServer(info),
      checkPolicy(info),
      checkPersistence(info, await appendFsync(redis)),
      ...checkMemory(info),
      await checkTime(redis, now),
    ];
  } finally {
    redis.disconnect();
  }
}

/** The server that the embedded mode would start. */
export function checkRedisBinary(root: string): Finding {
  try {
    const binary = findRedisBinary(root);
    const { stdout } = spawnSync(binary.command, ['--version'], { encoding: 'utf8', env: environmentOf(binary) });
    const version = /v=([\d.]+)/.exec(stdout)?.[1] ?? 'of unknown version';
    return ok('redis', `REDIS_URL is not set: \`serve\` starts its own, ${binary.command} ${version}`);
  } catch (error) {
    if (!(error instanceof RedisMissing)) throw error;
    return fail('redis', error.message, 'bash scripts/install-redis.sh');
  }
}

type Info = ReadonlyMap<string, string>;

/** `INFO`: lines of name:value. Needs no right to read the configuration, which managed servers often refuse. */
const parseInfo = (text: string): Info =>
  new Map(
    text
      .split('\r\n')
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );

function checkServer(info: Info): Finding {
  const version = info.get('redis_version') ?? '0';
  const name = info.get('server_name') === 'valkey' ? `Valkey ${info.get('valkey_version') ?? ''}` : `Redis ${version}`;
  if (Number(version.split('.')[0]) < oldestMajor) {
    return fail('redis', `${name} is too old`, `use Redis ${oldestMajor} or newer, or Valkey`);
  }
  if (info.get('role') === 'slave') {
    return fail('redis', `${name} is a replica and takes no writes`, 'point REDIS_URL at the master');
  }
  if (info.get('redis_mode') === 'cluster') {
    return fail(
      'redis',
      `${name} is a node of a cluster`,
      'use a server of its own, or a proxy that hides the cluster',
    );
  }
  return ok('redis', name);
}

function checkPolicy(info: Info): Finding {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok('redis policy', policy);
  return fail(
    'redis policy',
    `maxmemory-policy is ${policy}: jobs may be evicted when memory is short`,
    'redis-cli config set maxmemory-policy noeviction, and in redis.conf',
  );
}

/** When an append-only file is synced; undefined where CONFIG is not allowed. */
async function appendFsync(redis: Redis): Promise<string | undefined> {
  const answer = await redis.config('GET', 'appendfsync').catch(() => []);
  return Array.isArray(answer) ? (answer as string[])[1] : undefined;
}

function checkPersistence(info: Info, fsync: string | undefined): Finding {
  const check = 'redis persistence';
  const mend =
    'redis-cli config set appendonly yes, and in redis.conf; appendfsync always loses nothing, everysec up to a second';
  if (info.get('aof_enabled') !== '1') {
    return fail(check, 'no append-only file: a crash of Redis loses accepted jobs', mend);
  }
  if (info.get('aof_last_write_status') === 'err') {
    return fail(check, 'the append-only file cannot be written', 'look at Redis’ log: usually its disk is full');
  }
  if (fsync === 'no') return warn(check, 'append-only file, synced when the system likes (appendfsync no)', mend);
  return ok(check, `append-only file, appendfsync ${fsync ?? 'not told'}`);
}

function checkMemory(info: Info): Finding[] {
  const limit = Number(info.get('maxmemory') ?? 0);
  if (limit === 0) return [];
  const share = Number(info.get('used_memory') ?? 0) / limit;
  const message = `${Math.round(100 * share)} % of maxmemory is in use`;
  if (share < memoryWarnShare) return [ok('redis memory', message)];
  return [warn('redis memory', `${message}: when it is full no job is accepted`, 'raise maxmemory')];
}

async function checkTime(redis: Redis, now: () => number): Promise<Finding> {
  const askedMs = now();
  const [seconds, microseconds] = await redis.time();
  const answeredMs = now();
  return checkClock('redis', {
    theirsMs: Number(seconds) * 1000 + Number(microseconds) / 1000,
    oursMs: (askedMs + answeredMs) / 2,
    uncertaintyMs: (answeredMs - askedMs) / 2,
  });
}
