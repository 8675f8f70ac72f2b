import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ServiceError } from '@app/common/errors.js';
import { waitUntilFree } from './data-folder.js';
import { freePort } from './port.js';
import { environmentOf, findRedisBinary } from './redis-binary.js';

/** Redis was started and did not come up. */
export class RedisStartFailed extends ServiceError {
  readonly code = 'redis_start_failed';
}

/**
 * Runs the server so that it does not outlive us: our end of pipe 3 closes when this process ends, however it ends, and
 * some seconds later, when its clients have had time to stop, the guard ends the server. `exec` keeps the pid; a line on
 * the pipe says that the server has ended and the guard may go.
 */
const guarded = '(read -r _ <&3 || { sleep 8; kill -TERM $$; }) >/dev/null 2>&1 & exec 3<&-; exec "$@"';

export interface RedisServer {
  url: string;
  port: number;
  pid: number;
  process: ChildProcess;
  stop(): Promise<void>;
}

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
    // A document has values above the default of 64 bytes; as a listpack it takes half the memory, and less time.
    'hash-max-listpack-value': 2048,
    // Each job has an event stream of a few entries, and a stream's first node is made this large.
    'stream-node-max-bytes': 1024,
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
    { env: environmentOf(binary), stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true },
  );
  const guard = server.stdio[3] as Socket;
  guard.on('error', () => undefined).resume();
  server.once('exit', () => guard.end('exited\n'));
  let log = '';
  const keepLog = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-4000);
  };
  server.stdout?.on('data', keepLog);
  server.stderr?.on('data', keepLog);
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
      // Not 'exit': by 'close' the guard has read that there is nothing left to end.
      await once(server, 'close');
    },
  };
}

async function waitUntilUp(url: string, server: ChildProcess, log: () => string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    // ioredis never clears this timer for a connection that was refused: its default holds the process for two seconds.
    disconnectTimeout: 10,
  });
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
  await client.quit();
}
