import { Redis } from 'ioredis';
import { ServiceError } from '@app/common/errors.js';

const connectTimeoutMs = 3000;

/** REDIS_URL points at nothing that answers as Redis. */
export class RedisUnreachable extends ServiceError {
  readonly code = 'redis_unreachable';
}

/** Connects once, without retries: at start a wrong address should be said, not waited for. */
export async function connectOnce(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: connectTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let fault = 'no answer';
  redis.on('error', (error) => (fault = error.message));
  try {
    await redis.connect();
    await redis.ping();
    return redis;
  } catch (cause) {
    redis.disconnect();
    const { host, port } = redis.options;
    throw new RedisUnreachable(`no Redis answers at ${host ?? '?'}:${port ?? '?'} (${fault}); check REDIS_URL`, {
      cause,
    });
  }
}
