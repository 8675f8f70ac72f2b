import { Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { KeyStore, type NewKey } from '@app/common/auth/key-store.js';
import { readApiConfig } from '../../apps/api/src/api.config.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { openRedis, type OpenRedis } from './redis.js';

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
  private constructor(
    readonly url: string,
    readonly storageUrl: string,
    /** Every route that is registered, e.g. `GET /v1/jobs/{id}`. */
    readonly routes: () => string[],
    private readonly redis: Redis,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(redisUrl: string, environment: Record<string, string> = {}): Promise<TestApi> {
    const folder = await mkdtemp(join(tmpdir(), 'zimage-api-'));
    const storageUrl = `file://${folder}`;
    const config = readApiConfig({
      PORT: String(await freePort()),
      REDIS_URL: redisUrl,
      STORAGE_URL: storageUrl,
      URL_SIGNING_KEY: signingKey,
      ...environment,
    });
    const app = await createApp(config, pino({ level: 'silent' }));
    await app.listen(config.port, config.host);
    const redis = new Redis(redisUrl, { lazyConnect: true, retryStrategy: (n) => Math.min(n * 50, 500) });
    redis.on('error', () => undefined);
    return new TestApi(
      config.publicUrl,
      storageUrl,
      () => routesOf(app),
      redis,
      async () => {
        redis.disconnect();
        await app.close();
        await rm(folder, { recursive: true, force: true });
      },
    );
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

/** For the top of a spec file: the API over a Redis of its own, until the file's last test is over. */
export async function openApi(environment: Record<string, string> = {}): Promise<OpenRedis & { api: TestApi }> {
  const opened = await openRedis();
  const api = await TestApi.start(opened.redisUrl, environment);
  opened.atEnd(() => api.stop());
  return { ...opened, api };
}

interface ExpressLayer {
  route?: { path: unknown; methods: Record<string, boolean> };
}

function routesOf(app: Awaited<ReturnType<typeof createApp>>): string[] {
  const { router } = app.getHttpAdapter().getInstance() as unknown as { router: { stack: ExpressLayer[] } };
  return router.stack.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map(
          (method) => `${method.toUpperCase()} ${String(route.path).replace(/:(\w+)/g, '{$1}')}`,
        ),
  );
}
