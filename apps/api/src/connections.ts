import type { OnApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import type { JobEvents } from '@app/common/jobs/job-events.js';

const firstConnectMs = 2_000;

/** The lifetime of what the process holds open. */
export class Connections implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    private readonly redis: Redis,
    private readonly events: JobEvents,
    private readonly others: readonly { close(): Promise<void> }[],
  ) {}

  /** Gives a Redis that is there the time to connect before the first request; one that is not holds nothing up. */
  async onModuleInit(): Promise<void> {
    if (this.redis.status === 'ready') return;
    await once(this.redis, 'ready', { signal: AbortSignal.timeout(firstConnectMs) }).catch(() => undefined);
  }

  /** Before the server stops: ends event streams and answers requests that wait for a job. */
  async onModuleDestroy(): Promise<void> {
    await this.events.close();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const other of this.others) await other.close();
    this.redis.disconnect();
  }
}
