import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { webhookEvents, type WebhookEvent } from '@app/common/contracts/job-states.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { DeadLetters } from '@app/common/webhooks/dead-letters.js';
import { DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import { Outbox } from '@app/common/webhooks/outbox.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';
import { Registry } from 'prom-client';
import { Sender } from '../../apps/api/src/sender/sender.js';
import { eventually } from '../support/eventually.js';
import { newJob, newModel } from '../support/jobs.js';
import { useRedis } from '../support/redis.js';

const { redis } = await useRedis();

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('webhooks', () => {
  let receiver: Server;
  let received: Received[];
  let sender: Sender | null;
  let jobs: JobStore;
  let objects: Map<string, Uint8Array>;
  let model: string;
  let tenant: string;
  /** Status of the n-th answer, from 0 on; the last one stays. */
  let answers: { status: number; headers?: Record<string, string> }[];
  /** When the endpoint /slow answers. */
  let slowEndpoint: Promise<void>;

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const answer = answers[Math.min(received.length, answers.length - 1)]!;
        received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() });
        if (request.url === '/slow') await slowEndpoint;
        response.writeHead(answer.status, answer.headers).end('thanks');
      })();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
  });
  beforeEach(() => {
    model = newModel();
    tenant = `tenant-${model}`;
    jobs = new JobStore(redis, { models: [model] });
    received = [];
    objects = new Map();
    answers = [{ status: 200 }];
    sender = null;
  });
  afterEach(async () => {
    await sender?.stop();
    await jobs.close();
  });
  afterAll(() => void receiver.close());

  const startSender = async (waitsMs = [100, 100]): Promise<void> => {
    sender = new Sender({
      registry: new Registry(),
      redis,
      models: [model],
      storage: {
        get: (key) => Promise.resolve(objects.get(key) ?? null),
        signedUrl: (key) => Promise.resolve({ url: `https://files.example.com/${key}`, expiresAt: new Date(0) }),
        delete: () => Promise.resolve(),
      },
      embedded: true,
      onError: (error) => {
        throw error;
      },
      retryDelaysMs: waitsMs,
    });
    await sender.start();
  };
  const hook = (path = '/hook'): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;
  const finishedJob = async (events: WebhookEvent[], url = hook()): Promise<string> => {
    const { record } = await jobs.accept(newJob(model, { tenant, webhook: { url, events }, metadata: { order: 7 } }));
    await jobs.start(record.id, 1, 'w');
    await jobs.commit(record.id, 1, { state: 'succeeded', images: [] });
    return record.id;
  };

  it('delivers every event asked for, signed, with the job document', async () => {
    const id = await finishedJob([...webhookEvents]);
    await startSender();
    await eventually(() => received.length === 2);
    const secret = await new WebhookSecrets(redis).current(tenant);
    const bodies = received.map(
      ({ headers, body }) =>
        new Webhook(secret).verify(body, headers as Record<string, string>) as { type: string; data: unknown },
    );
    expect(bodies.map(({ type }) => type).sort()).toEqual(['job.started', 'job.succeeded']);
    for (const { data } of bodies) {
      expect(JobDocument.parse(data)).toMatchObject({ id, state: 'succeeded', metadata: { order: 7 } });
    }
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    // Deliveries are added first, and then taken out of the outbox.
    await eventually(async () => (await redis.zcard(new ModelKeys(model).outbox)) === 0);
  });

  it('tries again after a failure, with the same id, and logs each attempt', async () => {
    answers = [{ status: 500 }, { status: 302, headers: { location: hook('/elsewhere') } }, { status: 204 }];
    const id = await finishedJob(['job.succeeded']);
    await startSender();
    await eventually(async () => (await new DeliveryLog(redis).list(id)).length === 3);
    expect(received.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook']);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await new DeliveryLog(redis).list(id)).toMatchObject([
      { attempt: 1, outcome: 'failed', status: 500 },
      { attempt: 2, outcome: 'failed', status: 302 },
      { attempt: 3, outcome: 'delivered', status: 204 },
    ]);
  });

  it('delivers to others while a slow endpoint holds every first attempt', async () => {
    let answerSlow: () => void = () => undefined;
    slowEndpoint = new Promise((resolve) => (answerSlow = resolve));
    await Promise.all(Array.from({ length: 50 }, () => finishedJob(['job.succeeded'], hook('/slow'))));
    await startSender();
    await eventually(() => received.length === 50);
    await finishedJob(['job.succeeded'], hook('/other'));
    await eventually(() => received.some(({ path }) => path === '/other'));
    const outbox = new ModelKeys(model).outbox;
    expect(await redis.zcard(outbox)).toBeGreaterThanOrEqual(50);
    answerSlow();
    await eventually(async () => (await redis.zcard(outbox)) === 0);
    expect(received).toHaveLength(51);
  });

  it('waits as long as Retry-After asks', async () => {
    answers = [{ status: 503, headers: { 'retry-after': '1' } }, { status: 200 }];
    const id = await finishedJob(['job.succeeded']);
    await startSender();
    await eventually(async () => (await new DeliveryLog(redis).list(id)).length === 2);
    const [first, second] = await new DeliveryLog(redis).list(id);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1_000);
  });

  it('stops sending to an endpoint that is gone', async () => {
    answers = [{ status: 410 }];
    const first = await finishedJob(['job.succeeded']);
    await startSender();
    await eventually(async () => (await new DeliveryLog(redis).list(first)).length === 1);
    const second = await finishedJob(['job.succeeded']);
    await eventually(async () => (await new DeliveryLog(redis).list(second)).length === 1);
    expect(received).toHaveLength(1);
    expect(await new DeliveryLog(redis).list(second)).toMatchObject([{ outcome: 'disabled', status: null }]);
    const elsewhere = await finishedJob(['job.succeeded'], hook('/other'));
    await eventually(async () => (await new DeliveryLog(redis).list(elsewhere)).length === 1);
    expect(received.map(({ path }) => path)).toEqual(['/hook', '/other']);
  });

  it('delivers, under the same id, what a sender had leased when it died', async () => {
    await finishedJob(['job.succeeded']);
    const outbox = new Outbox(redis, model);
    const [entry] = await outbox.lease(50);
    expect(entry).toMatch(/\.job\.succeeded$/);
    expect(await outbox.lease(50)).toEqual([]);
    await startSender();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(received).toEqual([]);
    // The lease of 30 s runs out.
    await redis.zadd(new ModelKeys(model).outbox, Date.now() - 1, entry!);
    await eventually(() => received.length === 1);
    const id = received[0]!.headers['webhook-id'];

    // Died after adding and before removing: delivered again.
    await redis.zadd(new ModelKeys(model).outbox, Date.now() - 1, entry!);
    await eventually(() => received.length === 2);
    expect(received[1]!.headers['webhook-id']).toBe(id);
  });

  it('gives up after the last attempt, keeps a dead letter, and delivers it on replay under the same id', async () => {
    answers = [{ status: 500 }];
    const id = await finishedJob(['job.succeeded']);
    await startSender([100]);
    const letters = new DeadLetters(redis);
    await eventually(async () => (await letters.list(tenant, 10)).length === 1);
    expect(await new DeliveryLog(redis).list(id)).toMatchObject([{ outcome: 'failed' }, { outcome: 'abandoned' }]);
    answers = [{ status: 200 }];
    const replays = new DeliveryQueue(redis);
    await replays.sendNow((await new DeliveryLog(redis).list(id)).at(-1)!, 1);
    await replays.close();
    await eventually(async () => (await letters.list(tenant, 10)).length === 0);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await new DeliveryLog(redis).list(id)).at(-1)).toMatchObject({ outcome: 'delivered', status: 200 });
  });

  it('signs with the keys of before a rotation, too, while it lasts', async () => {
    const secrets = new WebhookSecrets(redis);
    const old = await secrets.current(tenant);
    const { secret } = await secrets.rotate(tenant, 60_000);
    await finishedJob(['job.succeeded']);
    await startSender();
    await eventually(() => received.length === 1);
    const { body, headers } = received[0]!;
    for (const accepted of [old, secret]) new Webhook(accepted).verify(body, headers as Record<string, string>);
    expect(await secrets.publicKeys(tenant)).toHaveLength(2);

    await secrets.rotate(tenant, 0);
    expect(await secrets.signingKeys(tenant)).toMatchObject({ secrets: [await secrets.current(tenant)] });
  });

  it('is let in again by an endpoint that was disabled and enabled', async () => {
    answers = [{ status: 410 }, { status: 200 }];
    const first = await finishedJob(['job.succeeded']);
    await startSender();
    await eventually(async () => (await new DeliveryLog(redis).list(first)).length === 1);
    const endpoints = new DisabledEndpoints(redis);
    expect(await endpoints.list(tenant)).toMatchObject([{ url: hook() }]);
    expect(await endpoints.enable(tenant, hook())).toBe(true);
    await finishedJob(['job.succeeded']);
    await eventually(() => received.length === 2);
  });

  describe('copies', () => {
    const png = Buffer.from('not really a png');
    const copiedJob = async (putUrls: string[]): Promise<string> => {
      const { record } = await jobs.accept(newJob(model, { tenant, putUrls }));
      const images = putUrls.map((_, index) => {
        const key = `${tenant}/${record.id}/${index}.png`;
        objects.set(key, png);
        const size = { width: 16, height: 16, bytes: png.length };
        return { index, seed: index, format: 'png' as const, sha256: '', key, ...size };
      });
      await jobs.start(record.id, 1, 'w');
      await jobs.commit(record.id, 1, { state: 'succeeded', images });
      return record.id;
    };
    const copiesOf = async (id: string) => (await jobs.get(id))!.copies;

    it('reach the URLs that the job came with, each tried again until it does', async () => {
      answers = [{ status: 503 }, { status: 200 }];
      const id = await copiedJob([hook('/a'), hook('/b')]);
      expect((await copiesOf(id)).map(({ state }) => state)).toEqual(['pending', 'pending']);
      await startSender();
      await eventually(async () => (await copiesOf(id)).every(({ state }) => state === 'copied'));
      expect(received.map(({ body }) => body)).toEqual(Array(3).fill(png.toString()));
      expect(new Set(received.map(({ path }) => path))).toEqual(new Set(['/a', '/b']));
      expect(received[0]!.headers).toMatchObject({ 'content-type': 'image/png', 'content-length': '16' });
      // An attempt is logged when its copy is recorded.
      await eventually(async () => (await new DeliveryLog(redis).list(id)).length === 3);
      const log = await new DeliveryLog(redis).list(id);
      expect(log.map(({ event, outcome }) => `${event} ${outcome}`).sort()).toEqual([
        'output.copy delivered',
        'output.copy delivered',
        'output.copy failed',
      ]);
    });

    it('are given up at once when the URL is refused for good, and the job stays succeeded', async () => {
      answers = [{ status: 403 }];
      const id = await copiedJob([hook('/expired')]);
      await startSender();
      await eventually(async () => (await copiesOf(id))[0]!.state === 'failed');
      expect(received).toHaveLength(1);
      expect(await copiesOf(id)).toMatchObject([{ status: 403, error: 'the answer was 403' }]);
      expect((await jobs.get(id))!.state).toBe('succeeded');
      await eventually(async () => (await new DeadLetters(redis).list(tenant, 10)).length === 1);
      expect(await new DeadLetters(redis).list(tenant, 10)).toMatchObject([{ entry: `${id}.copy.0` }]);
    });

    it('bring no document back that has expired', async () => {
      const id = await copiedJob([hook()]);
      await redis.del(new ModelKeys(model).job(id));
      await jobs.recordCopy(id, 0, { state: 'copied', status: 200, error: null });
      expect(await jobs.get(id)).toBeNull();
    });
  });

  it('expires jobs and delivers that, with no worker anywhere', async () => {
    const webhook = { url: hook(), events: ['job.expired' as const] };
    await jobs.accept(newJob(model, { tenant, webhook, deadlineAt: Date.now() + 200 }));
    await startSender();
    await eventually(() => received.length === 1);
    expect(JSON.parse(received[0]!.body)).toMatchObject({ type: 'job.expired', data: { state: 'expired' } });
  });
});
