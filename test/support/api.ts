import { beforeAll } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { KeyStore, type NewKey } from '@app/common/auth/key-store.js';
import { readApiConfig } from '../../apps/api/src/api.config.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { useRedis, type UsedRedis } from './redis.js';

export interface Call {
  method?: string;
  key?: string | undefined;
  /** Sent as JSON, or as it is when it is a string. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: unknown;
}

export const signingKey = 'signing-key-of-the-contract-tests-0123456789';

/** The API on a port of its own, over a given Redis and a folder of its own. */
export class TestApi {
  readonly url: string;
  private readonly folder = join(tmpdir(), `zimage-api-${randomUUID()}`);
  private readonly redis: Redis;
  private app: NestExpressApplication | undefined;

  constructor(
    private readonly port: number,
    private readonly redisUrl: string,
    private readonly environment: Record<string, string>,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.redis = new Redis(redisUrl, { lazyConnect: true, retryStrategy: (n) => Math.min(n * 50, 500) });
    this.redis.on('error', () => undefined);
  }

  static async start(redisUrl: string, environment: Record<string, string> = {}): Promise<TestApi> {
    const api = new TestApi(await freePort(), redisUrl, environment);
    await api.start();
    return api;
  }

  get storageUrl(): string {
    return pathToFileURL(this.folder).href;
  }

  async start(): Promise<void> {
    const config = readApiConfig({
      PORT: String(this.port),
      REDIS_URL: this.redisUrl,
      STORAGE_URL: this.storageUrl,
      URL_SIGNING_KEY: signingKey,
      ...this.environment,
    });
    this.app = await createApp(config, pino({ level: 'silent' }));
    await this.app.listen(config.port, config.host);
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.app?.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Every route that is registered, e.g. `GET /v1/jobs/{id}`. */
  routes(): string[] {
    return this.app === undefined ? [] : routesOf(this.app);
  }

  async keyOf(description: NewKey): Promise<string> {
    return (await new KeyStore(this.redis).create(description)).key;
  }

  async call(path: string, { method = 'GET', key, body, headers }: Call = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
  }

  post(key: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.call('/v1/generations', { method: 'POST', key, body, ...(headers && { headers }) });
  }
}

/** For the top of a spec file: the API over a Redis of its own, as {@link useRedis} has one. */
export async function useApi(environment: Record<string, string> = {}): Promise<UsedRedis & { api: TestApi }> {
  const used = await useRedis();
  const api = new TestApi(await freePort(), used.redisUrl, environment);
  beforeAll(async () => {
    await api.start();
    used.atEnd(() => api.stop());
  });
  return { ...used, api };
}

interface ExpressLayer {
  route?: { path: unknown; methods: Record<string, boolean> };
}

function routesOf(app: NestExpressApplication): string[] {
  const { router } = app.getHttpAdapter().getInstance() as unknown as { router: { stack: ExpressLayer[] } };
  return router.stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map(
          (method) => `${method.toUpperCase()} ${String(route.path).replace(/:(\w+)/g, '{$1}')}`,
        ),
  );
}
