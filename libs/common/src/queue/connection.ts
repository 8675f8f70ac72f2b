import { Redis } from 'ioredis';

/** Reconnects within a second: BullMQ's own back-off would idle a worker for up to 20 s after an outage. */
const retryStrategy = (attempt: number): number => Math.min(100 * attempt, 1000);

/** For processes that wait until Redis is back: workers and the sender. Also for blocking reads. */
export const workerConnection = (url: string): Redis => new Redis(url, { retryStrategy, maxRetriesPerRequest: null });

/**
 * For processes that must answer: a command fails at once while Redis is away. Without the offline queue, since a command
 * parked there would still run after the client got its 503.
 */
export const apiConnection = (url: string): Redis =>
  new Redis(url, { retryStrategy, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1500 });
