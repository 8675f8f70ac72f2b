import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ServiceError } from '@app/common/errors.js';

/** No Redis binary on this machine; the message says how to get one. */
export class RedisMissing extends ServiceError {
  readonly code = 'redis_missing';
}

/** Redis was started and did not come up. */
export class RedisStartFailed extends ServiceError {
  readonly code = 'redis_start_failed';
}

/** Another process already serves this data folder: two Redis servers would destroy one append-only file. */
export class DataFolderInUse extends ServiceError {
  readonly code = 'data_folder_in_use';
}

/**
 * Runs the server so that it does not outlive us: our end of its standard input closes when this process ends, however it
 * ends, and a few seconds later, when its clients have had time to stop, the guard ends the server. `exec` keeps the pid.
 */
const guarded =
  'exec 3<&0; (read -r _ <&3 || { sleep 8; kill -TERM $$; }) >/dev/null 2>&1 & exec 3<&-; exec "$@" </dev/null';

export interface RedisServer {
  url: string;
  port: number;
  pid: number;
  process: ChildProcess;
  stop(): Promise<void>;
}

interface RedisBinary {
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

const environmentOf = ({ libraryPath }: RedisBinary): NodeJS.ProcessEnv =>
  libraryPath ? { ...process.env, LD_LIBRARY_PATH: libraryPath } : process.env;

/**
 * Starts a Redis of our own on loopback: append-only file under `dataDir`, no eviction. `appendfsync` decides what a crash
 * of the machine may lose (docs/operations.md).
 */
export async function startRedis(options: {
  root: string;
  dataDir: string;
  port?: number;
  appendfsync?: 'always' | 'everysec';
}): Promise<RedisServer> {
  const binary = findRedisBinary(options.root);
  mkdirSync(options.dataDir, { recursive: true });
  const pidFile = resolve(options.dataDir, 'redis.pid');
  await waitUntilFree(options.dataDir, pidFile);
  const port = options.port ?? (await freePort());
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: options.dataDir,
    appendonly: 'yes',
    appendfsync: options.appendfsync ?? 'always',
    save: '',
    pidfile: pidFile,
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const server = spawn(
    'sh',
    [
      '-c',
      guarded,
      'redis',
      binary.command,
      ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]),
    ],
    // Detached: a Ctrl-C at the terminal must reach the clients first; stop() or the guard ends Redis.
    { env: environmentOf(binary), stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  server.stdin.on('error', () => undefined);
  server.once('exit', () => server.stdin.end('exited\n'));
  let log = '';
  const keepLog = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-4000);
  };
  server.stdout.on('data', keepLog);
  server.stderr.on('data', keepLog);
  const url = `redis://127.0.0.1:${port}`;
  await waitUntilUp(url, server, () => log);
  return {
    url,
    port,
    pid: server.pid ?? 0,
    process: server,
    stop: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGTERM');
      await once(server, 'exit');
    },
  };
}

/** A server whose parent died lives on for some seconds: waits for its end, and gives up on one that stays. */
async function waitUntilFree(dataDir: string, pidFile: string): Promise<void> {
  const until = Date.now() + 12_000;
  for (;;) {
    const pid = livingServer(pidFile);
    if (pid === null) return;
    if (Date.now() > until) {
      throw new DataFolderInUse(
        `${dataDir} is in use by the Redis server with pid ${pid}; stop it or use another folder`,
      );
    }
    await sleep(200);
  }
}

function livingServer(pidFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(pid, 0);
    const command = `/proc/${pid}/cmdline`;
    if (existsSync(command) && !/redis|valkey/.test(readFileSync(command, 'utf8'))) return null;
    return pid;
  } catch {
    return null;
  }
}

async function waitUntilUp(url: string, server: ChildProcess, log: () => string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  const until = Date.now() + 10_000;
  for (;;) {
    if (server.exitCode !== null) throw new RedisStartFailed(`redis-server exited: ${log()}`);
    try {
      await client.connect();
      await client.ping();
      break;
    } catch (cause) {
      client.disconnect();
      // A large append-only file is still being loaded: Redis answers LOADING, which is not a failure.
      const loading = cause instanceof Error && cause.message.includes('LOADING');
      if (Date.now() > until && !loading) {
        server.kill('SIGKILL');
        throw new RedisStartFailed(`redis-server did not answer within 10 s: ${log()}`, { cause });
      }
      await sleep(30);
    }
  }
  client.disconnect();
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
