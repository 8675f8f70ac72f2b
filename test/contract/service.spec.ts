import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openStorage } from '@app/common/storage/open-storage.js';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { startRedis, type RedisServer } from '../../apps/cli/src/embedded/redis-server.js';
import { signingKey, TestApi, useApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';

const { api, redisUrl } = await useApi();

describe('with Redis', () => {
  let key: string;

  beforeAll(async () => {
    key = await api.keyOf({ tenant: 'acme' });
  });

  it('is healthy and ready', async () => {
    expect((await api.call('/healthz')).json).toEqual({ status: 'ok' });
    expect((await api.call('/readyz')).json).toEqual({ status: 'ready' });
  });

  it('lists models with limits and backlog', async () => {
    await api.post(key, { prompt: 'x' });
    const { models } = (await api.call('/v1/models', { key })).json as { models: Record<string, unknown>[] };
    expect(models.map(({ name }) => name)).toEqual(['z-image-nano-turbo', 'z-image-nano', 'z-image-nano-edit']);
    expect(models[0]).toMatchObject({
      default: true,
      defaults: { width: 256, steps: 8 },
      limits: { max_pixels: 1_048_576, token_budget: 8192, max_body_bytes: 56_000_000 },
      backlog: { jobs: 1 },
    });
    expect(models[0]).not.toHaveProperty('checkpoint');
  });

  it('answers unknown paths with a problem', async () => {
    for (const [path, method] of [
      ['/v2/jobs', 'GET'],
      ['/nothing', 'GET'],
      ['/v1/jobs/%E0%A4%A', 'GET'],
    ] as const) {
      const answer = await api.call(path, { method });
      expect([answer.status, answer.json]).toEqual([404, expect.objectContaining({ code: 'not_found' })]);
    }
  });

  it.each([
    ['DELETE', '/v1/generations', 'POST'],
    ['PUT', '/v1/jobs/some-id', 'GET, HEAD'],
    ['OPTIONS', '/v1/jobs', 'GET, HEAD'],
    ['POST', '/files/a/b.png', 'GET, HEAD, PUT'],
    ['PATCH', '/openapi.json', 'GET, HEAD'],
  ])('answers %s %s with the methods that there are', async (method, path, allow) => {
    const answer = await api.call(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(answer.json).toMatchObject({ code: 'method_not_allowed', status: 405 });
  });

  it('tells OpenAI clients of a wrong method in their own form', async () => {
    const answer = await api.call('/v1/images/edits');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(answer.json).toMatchObject({ error: { code: 'method_not_allowed', type: 'invalid_request_error' } });
  });

  it('names every request and protects every answer', async () => {
    const named = await api.call('/healthz', { headers: { 'x-request-id': 'order-77' } });
    expect(named.headers.get('x-request-id')).toBe('order-77');
    const unnamed = await api.call('/v1/jobs', { headers: { 'x-request-id': 'bad id\t' } });
    expect(unnamed.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(unnamed.headers.get('x-content-type-options')).toBe('nosniff');
    expect(unnamed.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(unnamed.headers.get('cache-control')).toBe('no-store');
    expect(unnamed.headers.get('x-powered-by')).toBeNull();
  });

  it('serves its UI', async () => {
    const page = await api.call('/docs');
    expect(page.status).toBe(200);
    expect(page.text).toContain('swagger-ui');
  });

  describe('files', () => {
    const body = Buffer.from('not really a png');
    const sha256 = createHash('sha256').update(body).digest('hex');
    const storageOf = () => openStorage(api.storageUrl, { publicUrl: api.url, signingKey });

    it('serves a signed URL until it ends, and no other', async () => {
      const storage = storageOf();
      await storage.putIfAbsent('acme/job_1/0.png', body, { contentType: 'image/png', sha256 });
      await storage.putIfAbsent('acme/job_1/1.png', body, { contentType: 'image/png', sha256 });
      const { url } = await storage.signedUrl('acme/job_1/0.png', 60);
      const answer = await api.call(url);
      expect([answer.status, answer.text]).toEqual([200, body.toString()]);
      expect(answer.headers.get('content-type')).toBe('image/png');

      const { url: ended } = await storage.signedUrl('acme/job_1/0.png', -5);
      const refused = [
        ended,
        url.replace('0.png', '1.png'),
        url.replace('0.png', '%30.png'),
        url.replace(/expires=(\d+)/, (_, expires) => `expires=${Number(expires) + 60}`),
        url.replace(/signature=./, 'signature=!'),
        url.replace(/&signature=.*/, ''),
        `${url}&signature=x`,
        url.split('?')[0]!,
      ];
      for (const bad of refused) {
        const problem = await api.call(bad);
        expect([bad, problem.status, problem.json]).toEqual([
          bad,
          403,
          expect.objectContaining({ code: 'file_url_refused' }),
        ]);
      }
    });

    it('answers 404 when a signed object is gone', async () => {
      const { url } = await storageOf().signedUrl('acme/job_2/0.png', 60);
      expect((await api.call(url)).status).toBe(404);
    });
  });

  describe('events', () => {
    /** The events of a job, from when the first of them has come. */
    const follow = async ({ url }: TestApi, id: string) => {
      const headers = { authorization: `Bearer ${key}` };
      const { body, headers: sent } = await fetch(new URL(`/v1/jobs/${id}/events`, url), { headers });
      const chunks = body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
      let begin = '';
      while (!begin.includes('event: ')) begin += (await chunks.next()).value ?? '';
      const readOn = async (): Promise<string> => {
        let all = begin;
        for (let next = await chunks.next(); !next.done; next = await chunks.next()) all += next.value;
        return all;
      };
      return { type: sent.get('content-type'), text: readOn() };
    };

    it('tell of a queued job that is canceled, and end', async () => {
      const { id } = (await api.post(key, { prompt: 'x' })).json as { id: string };
      const stream = await follow(api, id);
      await api.call(`/v1/jobs/${id}/cancel`, { method: 'POST', key });
      expect(stream.type).toMatch(/^text\/event-stream/);
      const events = parseEvents(await stream.text);
      expect(events.map(({ event }) => event)).toEqual(['state', 'result']);
      expect(events[0]).toMatchObject({ id: '0-0', data: { state: 'queued' } });
      expect(events[1]!.data).toMatchObject({ id, state: 'canceled', request: { prompt: 'x' } });
    });

    it('resume after the last event that the client has', async () => {
      const { id } = (await api.post(key, { prompt: 'x' })).json as { id: string };
      await api.call(`/v1/jobs/${id}/cancel`, { method: 'POST', key });
      const from = (lastEventId: string) =>
        api.call(`/v1/jobs/${id}/events`, { key, headers: { 'last-event-id': lastEventId } });
      const [result, ...more] = parseEvents((await from('0-0')).text);
      expect(more).toEqual([]);
      expect(result).toMatchObject({ event: 'result', data: { state: 'canceled' } });
      const over = await from(result!.id);
      expect([over.status, over.text]).toEqual([204, '']);
      expect(parseEvents((await from('nonsense')).text).map(({ event }) => event)).toEqual(['state', 'result']);
    });

    it('end when the service stops', async () => {
      const other = await TestApi.start(redisUrl);
      const { id } = (await other.post(key, { prompt: 'x' })).json as { id: string };
      const stream = await follow(other, id);
      const waiting = other.post(key, { prompt: 'waited for' }, { prefer: 'wait=60' });
      await eventually(async () => (await api.call('/v1/jobs', { key })).text.includes('waited for'));
      const begun = Date.now();
      await other.stop();
      expect(parseEvents(await stream.text).map(({ event }) => event)).toEqual(['state']);
      expect((await waiting).status).toBe(202);
      // Well before the wait that was asked for.
      expect(Date.now() - begun).toBeLessThan(30_000);
    });
  });
});

describe('without Redis', () => {
  let folder: string;
  let port: number;
  let server: RedisServer | undefined;
  let api: TestApi;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zimage-outage-'));
    port = await freePort();
    api = await TestApi.start(`redis://127.0.0.1:${port}`);
  });
  afterEach(async () => {
    await api.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('answers 503 while Redis is away, and again while it hangs', async () => {
    const key = `zq_${'A'.repeat(43)}`;
    expect((await api.call('/healthz')).status).toBe(200);
    const expectOutage = async (): Promise<void> => {
      for (const path of ['/readyz', '/v1/jobs', '/v1/models']) {
        const answer = await api.call(path, { key });
        expect([path, answer.status, answer.json]).toEqual([
          path,
          503,
          expect.objectContaining({ code: 'redis_unavailable' }),
        ]);
        expect(answer.headers.get('retry-after')).toBe('1');
      }
    };
    await expectOutage();

    server = await startRedis({ root: resolve('.'), dataDir: folder, port });
    await eventually(async () => (await api.call('/readyz')).status === 200);
    const real = await api.keyOf({ tenant: 'acme' });
    expect((await api.post(real, { prompt: 'x' })).status).toBe(202);

    server.process.kill('SIGSTOP');
    await expectOutage();
    server.process.kill('SIGCONT');
  });
});

it('survives a client that leaves during its wait', async () => {
  const key = await api.keyOf({ tenant: 'impatient' });
  const call = request(new URL('/v1/generations', api.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'wait=60' },
  });
  call.on('error', () => undefined);
  call.end(JSON.stringify({ prompt: 'x' }));
  const jobs = async () => ((await api.call('/v1/jobs', { key })).json as { jobs: { state: string }[] }).jobs;
  await eventually(async () => (await jobs()).length === 1);
  call.destroy();
  expect(await jobs()).toMatchObject([{ state: 'queued' }]);
});

interface ServerSentEvent {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

function parseEvents(text: string): ServerSentEvent[] {
  const blocks = text.split('\n\n').filter((block) => block !== '' && !block.startsWith(':'));
  return blocks.map((block) => {
    const [, id, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block)!;
    return { id: id!, event: event!, data: JSON.parse(data!) as ServerSentEvent['data'] };
  });
}
