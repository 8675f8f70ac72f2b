import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { verifyWebhook, type GenerationBody, type JobDocument } from '../../clients/typescript/src/index.js';
import { Embedded } from '../support/embedded.js';
import { eventually } from '../support/eventually.js';
import { psnr } from '../support/psnr.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const prompts = [
  'red apple',
  'a rocket on a navy background',
  '熊猫，绿色背景',
  'banana',
  'pizza',
  'fox',
  'sun',
  'guitar',
];
/** Long enough to be met while it runs. */
const longJob = { prompt: 'robot', width: 512, height: 512, steps: 50 };

describe('from a prompt to a picture', () => {
  let service: Embedded;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    [service, receiver] = await Promise.all([Embedded.start(), WebhookReceiver.start()]);
  });
  afterAll(async () => {
    await Promise.all([service.stop(), receiver.stop()]);
  });

  it('answers the finished job within Prefer: wait, its image at a signed URL with its parameters inside', async () => {
    const response = await service.post({ prompt: 'red apple', seed: 42 }, { Prefer: 'wait=60' });
    expect(response.status).toBe(200);
    const job = (await response.json()) as JobDocument;
    expect(job).toMatchObject({ state: 'succeeded', progress: { step: 8, steps: 8 }, attempts: 1, error: null });
    const png = await service.image(job);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 256, height: 256 });
    expect(createHash('sha256').update(png).digest('hex')).toBe(job.images[0]!.sha256);
    expect(png.length).toBe(job.images[0]!.bytes);
    expect(png.toString('latin1')).toContain('"model":"z-image-nano-turbo","prompt":"red apple"');
    const { timings } = job;
    expect(timings.queue_ms! + timings.compute_ms! + timings.upload_ms!).toBeLessThan(60_000);
    expect(timings.compute_ms).toBeGreaterThan(0);
  });

  it('makes the same bytes from the same seed, and image i from seed + i', async () => {
    const [pair, second] = await Promise.all([
      service.generate({ prompt: 'fox', seed: 7, n: 2 }),
      service.generate({ prompt: 'fox', seed: 8, batch: false }),
    ]);
    const [made, alone] = await Promise.all([service.finished(pair.id), service.finished(second.id)]);
    expect(made.images.map(({ seed }) => seed)).toEqual([7, 8]);
    const again = await service.finished((await service.generate({ prompt: 'fox', seed: 7, n: 2 })).id);
    expect(again.images.map(({ sha256 }) => sha256)).toEqual(made.images.map(({ sha256 }) => sha256));
    expect(await psnr(await service.image(made, 1), await service.image(alone))).toBeGreaterThanOrEqual(50);
  });

  it('uses guidance on the base model', async () => {
    const job = await service.generate({ model: 'z-image-nano', prompt: 'banana', seed: 1, steps: 6 });
    expect(await service.finished(job.id)).toMatchObject({ state: 'succeeded', progress: { step: 6, steps: 6 } });
  });

  it('streams state, steps and result', async () => {
    const { id } = await service.generate({ prompt: 'sun', steps: 12 });
    const text = await (await service.fetch(`/v1/jobs/${id}/events`)).text();
    const types = [...text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type);
    expect(types[0]).toBe('state');
    expect(types.at(-1)).toBe('result');
    expect(text).toContain('"step":12,"steps":12');
    expect(text).toContain('"state":"succeeded"');
  });

  it('cancels a running job at its next step and leaves no object', async () => {
    const { id } = await service.generate(longJob);
    await service.stepping(id);
    expect((await service.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' })).status).toBeLessThan(300);
    const job = await service.finished(id);
    expect(job).toMatchObject({ state: 'canceled', images: [] });
    expect(job.progress.step).toBeLessThan(50);
    expect(service.objects(id)).toEqual([]);
  });

  it('cancels a queued job at once, parked or waiting', async () => {
    const running = await service.generate({ ...longJob, batch: false });
    await service.stepping(running.id);
    const queued = await Promise.all([1, 2].map(() => service.generate({ prompt: 'fox', batch: false })));
    for (const { id } of queued) {
      const response = await service.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' });
      expect(await response.json()).toMatchObject({ state: 'canceled' });
    }
    await service.fetch(`/v1/jobs/${running.id}/cancel`, { method: 'POST' });
    const next = await service.generate({ prompt: 'fox' });
    expect(await service.finished(next.id)).toMatchObject({ state: 'succeeded' });
    for (const { id } of queued) expect(await service.job(id)).toMatchObject({ state: 'canceled', attempts: 0 });
  });

  it('expires a job at its deadline', async () => {
    const { id } = await service.generate({ ...longJob, deadline_s: 2 });
    expect(await service.finished(id)).toMatchObject({ state: 'expired', images: [] });
  });

  const delivered = async (id: string): Promise<unknown[]> => {
    const { data } = await service.client.http.GET('/v1/jobs/{id}/deliveries', { params: { path: { id } } });
    return data!.deliveries.filter(({ outcome }) => outcome === 'delivered');
  };

  it('tells a webhook receiver of the end, and again on replay, under the same id', async () => {
    const { id } = await service.generate({ prompt: 'sun', steps: 1, webhook: { url: receiver.url } });
    const ofJob = () => receiver.received.filter(({ body }) => body.includes(id));
    await eventually(() => ofJob().length === 1);
    // Its attempt is logged when the receiver's answer has come.
    await eventually(async () => (await delivered(id)).length === 1);
    const path = { id, delivery: String(ofJob()[0]!.headers['webhook-id']) };
    const replay = await service.client.http.POST('/v1/jobs/{id}/deliveries/{delivery}/replay', { params: { path } });
    expect(replay.response.status).toBe(202);
    await eventually(() => ofJob().length === 2);
    const { webhookSecret } = service.summary;
    const messages = ofJob().map(({ body, headers }) =>
      verifyWebhook(webhookSecret, body, headers as Record<string, string>),
    );
    expect(messages).toMatchObject(Array(2).fill({ type: 'job.succeeded', data: { id, state: 'succeeded' } }));
    expect(new Set(ofJob().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await eventually(async () => (await delivered(id)).length === 2);
  });

  it('joins eight jobs in shared batches; each equals its solo run; all webhooks arrive signed', async () => {
    const webhook: GenerationBody['webhook'] = { url: receiver.url, events: ['job.started', 'job.succeeded'] };
    // Runs for as long as they do.
    const neighbour = await service.generate({ prompt: 'cat face', steps: 50 });
    await service.stepping(neighbour.id);
    const posted = await Promise.all(
      prompts.map((prompt, index) => service.generate({ prompt, seed: 100 + index, steps: 8, webhook })),
    );
    const jobs = await Promise.all(posted.map(({ id }) => service.finished(id)));
    await service.fetch(`/v1/jobs/${neighbour.id}/cancel`, { method: 'POST' });
    expect(jobs.map(({ state }) => state)).toEqual(prompts.map(() => 'succeeded'));
    expect(jobs.filter(({ batch }) => batch!.max > 1).length).toBeGreaterThanOrEqual(6);
    expect(Math.max(...jobs.map(({ batch }) => batch!.max))).toBeGreaterThan(2);

    for (const [index, job] of jobs.entries()) {
      const { id } = await service.generate({ prompt: prompts[index]!, seed: 100 + index, steps: 8, batch: false });
      const solo = await service.finished(id);
      expect(solo.batch).toEqual({ max: 1, mean: 1 });
      expect(await psnr(await service.image(job), await service.image(solo))).toBeGreaterThanOrEqual(50);
    }

    const ids = new Set(jobs.map(({ id }) => id));
    const ofJobs = () =>
      receiver.received.filter(({ body }) => ids.has((JSON.parse(body) as { data: JobDocument }).data.id));
    await eventually(() => ofJobs().length >= 2 * jobs.length);
    const events = ofJobs().map(({ body, headers }) =>
      verifyWebhook(service.summary.webhookSecret, body, headers as Record<string, string>),
    );
    const expected = jobs.flatMap(({ id }) => [`job.started ${id}`, `job.succeeded ${id}`]);
    expect(events.map(({ type, data }) => `${type} ${data.id}`).sort()).toEqual(expected.sort());
    expect(new Set(ofJobs().map(({ headers }) => headers['webhook-id'])).size).toBe(2 * jobs.length);
  });
});
