import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import { Webhook } from 'standardwebhooks';
import { JobStore } from '@app/common/jobs/job-store.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { DeadLetters } from '@app/common/webhooks/dead-letters.js';
import { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import { Sender } from '../../apps/api/src/sender/sender.js';
import { type Answer, signingKey, useApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const { api, redis, atEnd } = await useApi({ ZIMAGE_MODE: 'embedded' });

const model = 'z-image-nano-turbo';
const png = Buffer.from('not really a png');

let jobs: JobStore;
let sender: Sender;
let receiver: WebhookReceiver;
let key: string;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  jobs = new JobStore(redis, { models: [model] });
  const onError = (error: unknown): never => {
    throw error;
  };
  const registry = new Registry();
  sender = new Sender({ redis, models: [model], storage: storage(), embedded: true, registry, onError });
  await sender.start();
  atEnd(async () => {
    await sender.stop();
    await jobs.close();
  });
});
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  tenant = `tenant-${++tenants}`;
  key = await api.keyOf({ tenant });
});
afterEach(() => receiver.stop());

const storage = () => openStorage(api.storageUrl, { publicUrl: api.url, signingKey });
const send = (path: string, body?: unknown): Promise<Answer> => api.call(path, { method: 'POST', key, body });
const read = async <T>(path: string): Promise<T> => (await api.call(path, { key })).json as T;
const deliveriesOf = async (id: string) =>
  (await read<{ deliveries: { id: string; event: string; outcome: string }[] }>(`/v1/jobs/${id}/deliveries`))
    .deliveries;
const canceledJob = async (url: string): Promise<string> => {
  const { id } = (await api.post(key, { prompt: 'x', webhook: { url } })).json as { id: string };
  await send(`/v1/jobs/${id}/cancel`);
  return id;
};

describe('output.put_urls', () => {
  it('must be as many as images', async () => {
    const answer = await api.post(key, { prompt: 'x', n: 2, output: { put_urls: [receiver.url] } });
    expect([answer.status, answer.json]).toEqual([
      422,
      expect.objectContaining({ errors: [expect.objectContaining({ field: 'output.put_urls' })] }),
    ]);
  });

  it('get the image, and get it again on replay; the job and its deliveries tell', async () => {
    const body = { prompt: 'x', output: { put_urls: [receiver.url] } };
    const { id } = (await api.post(key, body)).json as { id: string };
    const sha256 = createHash('sha256').update(png).digest('hex');
    const object = `${tenant}/${id}/0.png`;
    await storage().putIfAbsent(object, png, { contentType: 'image/png', sha256 });
    const size = { width: 16, height: 16, bytes: png.length };
    await jobs.start(id, 1, 'w');
    const image = { index: 0, seed: 1, format: 'png' as const, sha256, key: object, ...size };
    await jobs.commit(id, 1, { state: 'succeeded', images: [image] });

    await eventually(async () => (await deliveriesOf(id)).length === 1);
    expect(await read(`/v1/jobs/${id}`)).toMatchObject({
      state: 'succeeded',
      copies: [{ state: 'copied', status: 204 }],
    });
    const [copy] = await deliveriesOf(id);
    expect(copy).toMatchObject({ event: 'output.copy', outcome: 'delivered' });
    expect(JSON.stringify(await read(`/v1/jobs/${id}`))).not.toContain(receiver.url);

    expect((await send(`/v1/jobs/${id}/deliveries/${copy!.id}/replay`)).status).toBe(202);
    await eventually(() => receiver.received.length === 2);
    expect(receiver.received.map(({ body }) => body)).toEqual([png.toString(), png.toString()]);
  });
});

describe('webhooks', () => {
  it("are sent again on replay under the same id; a delivery that is not the job's is unknown", async () => {
    const id = await canceledJob(receiver.url);
    await eventually(async () => (await deliveriesOf(id)).length === 1);
    const [delivery] = await deliveriesOf(id);
    const replay = await send(`/v1/jobs/${id}/deliveries/${delivery!.id}/replay`);
    expect([replay.status, replay.json]).toEqual([202, { id: delivery!.id, event: 'job.canceled', index: null }]);
    await eventually(() => receiver.received.length === 2);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([delivery!.id, delivery!.id]);

    const other = await canceledJob(receiver.url);
    const foreign = await send(`/v1/jobs/${other}/deliveries/${delivery!.id}/replay`);
    expect([foreign.status, foreign.json]).toEqual([404, expect.objectContaining({ code: 'delivery_not_found' })]);
  });

  it('are signed with both secrets after a rotation', async () => {
    const { secret: old } = await read<{ secret: string }>('/v1/webhook-secret');
    const rotated = await send('/v1/webhook-secret/rotate', { overlap_s: 60 });
    expect(rotated.status).toBe(200);
    const { secret, public_key } = rotated.json as { secret: string; public_key: string };
    expect(await read('/v1/webhook-secret')).toEqual({ secret });
    const { public_keys } = await read<{ public_keys: string[] }>('/v1/webhook-public-keys');
    expect([public_keys[0], public_keys.length]).toEqual([public_key, 2]);

    await canceledJob(receiver.url);
    await eventually(() => receiver.received.length === 1);
    const { body, headers } = receiver.received[0]!;
    for (const accepted of [old, secret]) new Webhook(accepted).verify(body, headers as Record<string, string>);
  });

  it('stop at an endpoint that is gone, which is listed, until it is enabled', async () => {
    receiver.status = 410;
    await canceledJob(receiver.url);
    const endpoints = () => read<{ disabled: { url: string }[] }>('/v1/webhook-endpoints');
    await eventually(async () => (await endpoints()).disabled.length === 1);
    expect((await endpoints()).disabled[0]!.url).toBe(receiver.url);

    receiver.status = 204;
    const enabled = await send('/v1/webhook-endpoints/enable', { url: receiver.url });
    expect([enabled.status, enabled.json]).toEqual([200, { disabled: [] }]);
    await canceledJob(receiver.url);
    await eventually(() => receiver.received.length === 2);
  });
});

describe('another tenant', () => {
  it('sees neither the dead letters nor the endpoints of this one, and enables none', async () => {
    const id = await canceledJob(receiver.url);
    await new DeadLetters(redis).add(tenant, `${id}.job.canceled`);
    await new DisabledEndpoints(redis).disable(tenant, 'https://gone.example/hook');
    const [own, other] = [key, await api.keyOf({ tenant: `${tenant}-other` })];
    const seen = async (reader: string): Promise<string> => {
      const paths = ['/v1/dead-letters', '/v1/webhook-endpoints'];
      return JSON.stringify(await Promise.all(paths.map(async (path) => (await api.call(path, { key: reader })).json)));
    };
    expect(await seen(own)).toContain(id);
    expect(await seen(own)).toContain('gone.example');
    expect(await seen(other)).not.toContain(id);
    expect(await seen(other)).not.toContain('gone.example');
    const body = { url: 'https://gone.example/hook' };
    await api.call('/v1/webhook-endpoints/enable', { method: 'POST', key: other, body });
    expect(await seen(own)).toContain('gone.example');
  });
});
