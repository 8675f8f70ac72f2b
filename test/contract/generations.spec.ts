import { beforeAll, describe, expect, it } from '@jest/globals';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { ProblemDocument } from '../../apps/api/src/http/problems.js';
import { TestApi, useApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';

const { api, redisUrl } = await useApi();

const turbo = 'z-image-nano-turbo';
let key: string;

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'acme' });
});

const good = { prompt: 'x' };
const problemOf = (json: unknown) => ProblemDocument.parse(json);
const jobOf = (json: unknown) => JobDocument.parse(json);

describe('POST /v1/generations', () => {
  it('accepts a job with every default filled in', async () => {
    const answer = await api.post(key, { prompt: ' red apple ', metadata: { order: 7 } });
    const job = jobOf(answer.json);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${job.id}`);
    expect(job).toMatchObject({
      state: 'queued',
      model: turbo,
      priority: 'normal',
      metadata: { order: 7 },
      images: [],
    });
    expect(job.request).toMatchObject({
      prompt: ' red apple ',
      width: 256,
      height: 256,
      steps: 8,
      guidance_scale: 0,
      n: 1,
    });
    expect(job.request.seed).toBeGreaterThanOrEqual(0);
    expect(job.request.seed).toBeLessThan(2 ** 32);
    expect((await api.call(`/v1/jobs/${job.id}`, { key })).json).toEqual(job);
  });

  it('takes what is asked for', async () => {
    const body = {
      prompt: 'a rocket',
      negative_prompt: 'text',
      model: 'z-image-nano',
      size: '320x192',
      steps: 12,
      guidance_scale: 4.5,
      cfg_normalization: true,
      cfg_truncation: 0.8,
      seed: 42,
      n: 2,
      output: { format: 'webp', quality: 80 },
      priority: 'low',
      deadline_s: 60,
      batch: false,
      webhook: { url: 'https://example.com/hook', events: ['job.succeeded'] },
    };
    const job = jobOf((await api.post(key, body)).json);
    expect(job).toMatchObject({ model: 'z-image-nano', priority: 'low', progress: { step: 0, steps: 24 } });
    expect(job.request).toEqual({
      prompt: 'a rocket',
      negative_prompt: 'text',
      width: 320,
      height: 192,
      steps: 12,
      guidance_scale: 4.5,
      cfg_normalization: true,
      cfg_truncation: 0.8,
      seed: 42,
      n: 2,
      output: { format: 'webp', quality: 80, embed_parameters: true },
      batch: false,
      preview_every: 0,
    });
    expect(Date.parse(job.deadline_at!) - Date.parse(job.created_at)).toBeCloseTo(60_000, -3);
  });

  it.each<[string, unknown, string]>([
    ['no prompt', {}, 'prompt'],
    ['an empty prompt', { prompt: '' }, 'prompt'],
    ['a blank prompt', { prompt: ' \n' }, 'prompt'],
    ['a prompt that is no text', { prompt: 5 }, 'prompt'],
    ['half a surrogate pair', { prompt: '\ud83c' }, 'prompt'],
    ['a negative prompt that is no text', { ...good, negative_prompt: ['x'] }, 'negative_prompt'],
    ['an unknown field', { ...good, promt: 'x' }, 'promt'],
    ['an unknown nested field', { ...good, output: { format: 'png', dpi: 3 } }, 'output.dpi'],
    ['a width off the grid', { ...good, width: 250 }, 'width'],
    ['a height off the grid', { ...good, height: 100 }, 'height'],
    ['a negative width', { ...good, width: -16 }, 'width'],
    ['a width that is no number', { ...good, width: '256' }, 'width'],
    ['a size off the grid', { ...good, size: '250x250' }, 'size'],
    ['a malformed size', { ...good, size: '256×256' }, 'size'],
    ['size beside width', { ...good, size: '256x256', width: 256 }, 'size'],
    ['no steps', { ...good, steps: 0 }, 'steps'],
    ['broken steps', { ...good, steps: 2.5 }, 'steps'],
    ['negative guidance', { ...good, guidance_scale: -1 }, 'guidance_scale'],
    ['truncation above 1', { ...good, cfg_truncation: 1.5 }, 'cfg_truncation'],
    ['normalization that is no boolean', { ...good, cfg_normalization: 'yes' }, 'cfg_normalization'],
    ['a negative seed', { ...good, seed: -1 }, 'seed'],
    ['a seed too large to count on', { ...good, seed: Number.MAX_SAFE_INTEGER }, 'seed'],
    ['no images', { ...good, n: 0 }, 'n'],
    ['an unknown format', { ...good, output: { format: 'gif' } }, 'output.format'],
    ['a quality above 100', { ...good, output: { format: 'jpeg', quality: 101 } }, 'output.quality'],
    ['a quality of a PNG', { ...good, output: { quality: 80 } }, 'output.quality'],
    ['an unknown priority', { ...good, priority: 'urgent' }, 'priority'],
    ['a deadline in the past', { ...good, deadline_s: -1 }, 'deadline_s'],
    ['batch that is no boolean', { ...good, batch: 1 }, 'batch'],
    ['a webhook without a URL', { ...good, webhook: {} }, 'webhook.url'],
    [
      'a webhook for an unknown event',
      { ...good, webhook: { url: 'https://e.com', events: ['x'] } },
      'webhook.events[0]',
    ],
    ['metadata that is no object', { ...good, metadata: 'x' }, 'metadata'],
    ['metadata above 4 kB', { ...good, metadata: { x: 'x'.repeat(4096) } }, 'metadata'],
    ['a body that is a list', [], 'body'],
    ['a body that is a text', '"x"', 'body'],
    ['a body that is null', 'null', 'body'],
  ])('names the field of %s', async (_case, body, field) => {
    const answer = await api.post(key, body);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = problemOf(answer.json);
    expect(problem.code).toBe('validation_failed');
    expect(problem.errors!.map((error) => error.field)).toContain(field);
  });

  it('says of a field that must be there that it is missing', async () => {
    const { status, json } = await api.post(key, { steps: 4 });
    expect([status, json]).toEqual([
      422,
      expect.objectContaining({ errors: [{ field: 'prompt', message: 'is missing' }], detail: 'prompt: is missing' }),
    ]);
  });

  it('names all wrong fields at once', async () => {
    const answer = await api.post(key, { prompt: '', width: 5, colour: 'red', seed: 1.5 });
    const fields = problemOf(answer.json).errors!.map((error) => error.field);
    expect(new Set(fields)).toEqual(new Set(['prompt', 'width', 'colour', 'seed']));
  });

  it.each<[string, object, string, number, string]>([
    ['a long prompt', { prompt: 'x'.repeat(20_000) }, 'max_prompt_chars', 4000, 'prompt'],
    [
      'a long negative prompt',
      { ...good, negative_prompt: 'x'.repeat(4001) },
      'max_prompt_chars',
      4000,
      'negative_prompt',
    ],
    ['a small side', { ...good, height: 48 }, 'min_side', 64, 'height'],
    ['a large side', { ...good, width: 1040 }, 'max_side', 1024, 'width'],
    ['a large size', { ...good, size: '4096x64' }, 'max_side', 1024, 'size'],
    ['many steps', { ...good, steps: 51 }, 'max_steps', 50, 'steps'],
    ['many images', { ...good, n: 9 }, 'max_images', 8, 'n'],
  ])('names the limit that %s is over', async (_case, body, limit, bound, field) => {
    const answer = await api.post(key, body);
    expect(answer.status).toBe(422);
    expect(problemOf(answer.json)).toMatchObject({ code: 'limit_exceeded', limit, bound, errors: [{ field }] });
  });

  it('counts an emoji as one character', async () => {
    expect((await api.post(key, { prompt: '🍎'.repeat(4000) })).status).toBe(202);
  });

  it('lists the models to one who names none of them', async () => {
    const answer = await api.post(key, { ...good, model: 'sdxl' });
    expect(answer.status).toBe(422);
    expect(problemOf(answer.json)).toMatchObject({
      code: 'model_unknown',
      models: [turbo, 'z-image-nano', 'z-image-nano-edit'],
    });
  });

  it.each([
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://[::ffff:10.0.0.1]/hook',
    'https://10.0.0.1/hook',
    'https://169.254.169.254/latest/meta-data',
    'https://168.63.129.16/',
    'https://100.64.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://localhost/hook',
    'https://user:secret@example.com/hook',
    'ftp://example.com/hook',
  ])('refuses a webhook to %s', async (url) => {
    const answer = await api.post(key, { ...good, webhook: { url } });
    expect(answer.status).toBe(422);
    expect(problemOf(answer.json)).toMatchObject({ code: 'webhook_url_refused', errors: [{ field: 'webhook.url' }] });
  });

  it('tells bodies that are no JSON, too large, or of another type apart', async () => {
    const malformed = await api.post(key, '{"prompt": "x"');
    expect([malformed.status, problemOf(malformed.json).code]).toEqual([400, 'invalid_json']);
    const large = await api.post(key, { prompt: 'x'.repeat(57_000_000) });
    expect([large.status, problemOf(large.json).code]).toEqual([413, 'body_too_large']);
    const form = await api.post(key, 'prompt=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([form.status, problemOf(form.json).code]).toEqual([415, 'unsupported_media_type']);
    const latin = await api.post(key, '{}', { 'content-type': 'application/json; charset=latin1' });
    expect([latin.status, problemOf(latin.json).code]).toEqual([415, 'unsupported_media_type']);
  });

  it('refuses deeply nested bodies without harm', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = open.repeat(40_000) + '1' + close.repeat(40_000);
      const answer = await api.post(key, `{"prompt":"x","metadata":{"a":${nested}}}`);
      expect([answer.status, problemOf(answer.json).code]).toEqual([422, 'validation_failed']);
    }
  });

  it('answers 202 when the wait is over before the job', async () => {
    const begun = Date.now();
    const answer = await api.post(key, good, { prefer: 'respond-async, wait=1' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
    expect(jobOf(answer.json).state).toBe('queued');
    expect(Date.now() - begun).toBeGreaterThan(900);
  });

  it('answers 200 when the job ends within the wait', async () => {
    const seed = 778_899;
    const waiting = api.post(key, { ...good, seed }, { prefer: 'wait=30' });
    const id = await eventually(async () => {
      const page = (await api.call('/v1/jobs', { key })).json as { jobs: JobDocument[] };
      return page.jobs.find((job) => job.request.seed === seed)?.id;
    });
    await api.call(`/v1/jobs/${id}/cancel`, { method: 'POST', key });
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(jobOf(answer.json)).toMatchObject({ id, state: 'canceled' });
  });
});

describe('the embedded mode', () => {
  it('lets webhooks reach this machine, and no other private one', async () => {
    const embedded = await TestApi.start(redisUrl, { ZIMAGE_MODE: 'embedded' });
    try {
      const statusOf = async (url: string) => (await embedded.post(key, { ...good, webhook: { url } })).status;
      for (const url of ['http://127.0.0.1:9/x', 'http://localhost:9/x', 'http://[::1]:9/x', 'https://example.com/x']) {
        expect([url, await statusOf(url)]).toEqual([url, 202]);
      }
      for (const url of ['http://10.0.0.1/x', 'http://169.254.169.254/', 'file:///etc/passwd']) {
        expect([url, await statusOf(url)]).toEqual([url, 422]);
      }
    } finally {
      await embedded.stop();
    }
  });
});

describe('Idempotency-Key', () => {
  it('replays the job for the same body, in any order of fields', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const first = await api.post(key, { prompt: 'x', n: 2 }, headers);
    const second = await api.post(key, { n: 2, prompt: 'x' }, headers);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.status).toBe(202);
    expect(second.json).toEqual(first.json);
  });

  it('refuses another body', async () => {
    const headers = { 'idempotency-key': 'order-2' };
    await api.post(key, { prompt: 'x' }, headers);
    const other = await api.post(key, { prompt: 'y' }, headers);
    expect([other.status, problemOf(other.json).code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('belongs to a tenant', async () => {
    const headers = { 'idempotency-key': 'order-3' };
    const stranger = await api.keyOf({ tenant: 'other' });
    const mine = jobOf((await api.post(key, { prompt: 'x' }, headers)).json);
    const theirs = jobOf((await api.post(stranger, { prompt: 'y' }, headers)).json);
    expect(theirs.id).not.toBe(mine.id);
  });

  it('makes one job of twenty posts at once', async () => {
    const headers = { 'idempotency-key': 'order-4' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.post(key, { prompt: 'x' }, headers)));
    const accepted = answers.filter(({ status }) => status === 202);
    const held = answers.filter(({ status }) => status === 409);
    expect(accepted.length + held.length).toBe(20);
    expect(new Set(accepted.map(({ json }) => jobOf(json).id)).size).toBe(1);
    expect(held.every(({ headers: sent }) => Number(sent.get('retry-after')) >= 1)).toBe(true);
  });

  it('must be short and visible', async () => {
    const answer = await api.post(key, { prompt: 'x' }, { 'idempotency-key': 'x'.repeat(256) });
    expect(answer.status).toBe(422);
    expect(problemOf(answer.json).errors).toEqual([expect.objectContaining({ field: 'Idempotency-Key' })]);
  });
});

describe('caps', () => {
  it('answers 429 above the open jobs that a tenant may have', async () => {
    const capped = await TestApi.start(redisUrl, { TENANT_MAX_OPEN_JOBS: '1' });
    try {
      const small = await capped.keyOf({ tenant: 'small' });
      expect((await capped.post(small, { prompt: 'x' })).status).toBe(202);
      const second = await capped.post(small, { prompt: 'x' });
      expect([second.status, problemOf(second.json).code]).toEqual([429, 'tenant_limit_reached']);
      expect(Number(second.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    } finally {
      await capped.stop();
    }
  });
});
