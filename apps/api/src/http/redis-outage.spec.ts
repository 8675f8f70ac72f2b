import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createServer, type Server } from 'node:net';
import { apiConnection } from '@app/common/queue/connection.js';
import { isRedisOutage } from './redis-outage.js';

/** What a client sees of a Redis that answers every command with `reply`, or with nothing. */
async function errorFrom(reply: string | null): Promise<unknown> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => reply !== null && socket.write(`-${reply}\r\n`));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as { port: number };
  const redis = new Redis({ port, enableReadyCheck: false, commandTimeout: 200, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await new Promise((done) => redis.once('connect', done));
  try {
    return await redis.get('x').then(
      () => null,
      (error: unknown) => error,
    );
  } finally {
    redis.disconnect();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe('isRedisOutage', () => {
  it.each([
    null,
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'CLUSTERDOWN The cluster is down',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'MISCONF Errors writing to the AOF file',
    'NOREPLICAS Not enough good replicas to write.',
  ])('sees an outage in the answer %j', async (reply) => {
    expect(isRedisOutage(await errorFrom(reply))).toBe(true);
  });

  it.each(['WRONGTYPE Operation against a key', 'ERR unknown command', 'NOAUTH Authentication required.'])(
    'sees a fault of ours in the answer %j',
    async (reply) => {
      expect(isRedisOutage(await errorFrom(reply))).toBe(false);
    },
  );

  describe('without a server', () => {
    let redis: Redis;
    beforeAll(() => {
      redis = apiConnection('redis://127.0.0.1:1');
      redis.on('error', () => undefined);
    });
    afterAll(() => redis.disconnect());

    it('sees an outage', async () => {
      await expect(redis.get('x').catch((error: unknown) => isRedisOutage(error))).resolves.toBe(true);
    });
  });

  it('sees none in other errors', () => {
    expect(isRedisOutage(new TypeError('x is not a function'))).toBe(false);
    expect(isRedisOutage('ECONNREFUSED')).toBe(false);
  });
});
