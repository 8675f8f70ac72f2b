import { describe, expect, it } from '@jest/globals';
import { type Answer, TestApi, useApi } from '../support/api.js';

const { api, redisUrl } = await useApi({ TENANT_REQUESTS_PER_MINUTE: '5', TENANT_MAX_OPEN_JOBS: '2' });

const fieldsOf = ({ headers }: Answer) => [headers.get('ratelimit-policy'), headers.get('ratelimit')];

describe('requests a minute', () => {
  it('are counted over all keys of a tenant, told on each answer, and refused above the limit', async () => {
    const keys = await Promise.all([1, 2].map(() => api.keyOf({ tenant: 'busy' })));
    for (let i = 0; i < 5; i++) {
      const answer = await api.call('/v1/jobs', { key: keys[i % 2] });
      expect(answer.status).toBe(200);
      expect(fieldsOf(answer)).toEqual([
        '"requests";q=5;w=60',
        expect.stringMatching(new RegExp(`^"requests";r=${4 - i};t=\\d+$`)),
      ]);
    }
    const refused = await api.call('/v1/jobs', { key: keys[0] });
    expect([refused.status, refused.json]).toEqual([429, expect.objectContaining({ code: 'rate_limited' })]);
    expect(fieldsOf(refused)).toEqual(['"requests";q=5;w=60', expect.stringMatching(/^"requests";r=0;t=\d+$/)]);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await api.call('/v1/jobs', { key: await api.keyOf({ tenant: 'calm' }) })).status).toBe(200);
  });

  it("are the key's own where it has a limit", async () => {
    const key = await api.keyOf({ tenant: 'large', limits: { requestsPerMinute: 50 } });
    for (let i = 0; i < 7; i++) expect((await api.call('/v1/jobs', { key })).status).toBe(200);
  });
});

describe('open jobs', () => {
  it('are told as they are used up, and refused above the cap', async () => {
    const key = await api.keyOf({ tenant: 'queuer', limits: { requestsPerMinute: 50 } });
    for (const left of [1, 0]) {
      const accepted = await api.post(key, { prompt: 'x' });
      expect(accepted.status).toBe(202);
      expect(fieldsOf(accepted)[0]).toBe('"requests";q=50;w=60, "open-jobs";q=2;qu="jobs"');
      expect(fieldsOf(accepted)[1]).toContain(`"open-jobs";r=${left};t=5`);
    }
    const refused = await api.post(key, { prompt: 'x' });
    expect([refused.status, refused.json]).toEqual([429, expect.objectContaining({ code: 'tenant_limit_reached' })]);
    expect(fieldsOf(refused)[0]).toBe('"requests";q=50;w=60, "open-jobs";q=2;qu="jobs"');
    expect(fieldsOf(refused)[1]).toContain('"open-jobs";r=0;t=5');
  });
});

describe('the queue of a model', () => {
  it('is refused when it is full, with the limit named', async () => {
    const full = await TestApi.start(redisUrl, { QUEUE_MAX_JOBS: '1' });
    try {
      const key = await full.keyOf({ tenant: 'any' });
      const model = 'z-image-nano';
      expect((await full.post(key, { prompt: 'x', model })).status).toBe(202);
      const refused = await full.post(key, { prompt: 'x', model });
      expect([refused.status, refused.json]).toEqual([429, expect.objectContaining({ code: 'queue_full' })]);
      expect(fieldsOf(refused)[0]).toContain('"queue";q=1;qu="jobs"');
      expect(refused.headers.get('retry-after')).toBe('10');
    } finally {
      await full.stop();
    }
  });
});

describe('GPU-seconds a day', () => {
  it('are told with each job that counts against them, and not again when it is replayed', async () => {
    const key = await api.keyOf({ tenant: 'payer', limits: { requestsPerMinute: 50, gpuSecondsPerDay: 100 } });
    const accepted = await api.post(key, { prompt: 'x', steps: 50, n: 8 }, { 'idempotency-key': 'one' });
    // 256 tokens × 50 steps × 8 images at 9,000 a second: 11.4 GPU-seconds.
    expect(fieldsOf(accepted)[0]).toContain('"gpu-seconds";q=100;qu="gpu-seconds";w=86400');
    expect(fieldsOf(accepted)[1]).toContain('"gpu-seconds";r=88;t=');
    const replayed = await api.post(key, { prompt: 'x', steps: 50, n: 8 }, { 'idempotency-key': 'one' });
    expect(fieldsOf(replayed)[0]).toBe('"requests";q=50;w=60');
  });

  it('refuse a job that they do not hold, and say until when', async () => {
    const limits = { requestsPerMinute: 50, gpuSecondsPerDay: 0.001 };
    const key = await api.keyOf({ tenant: 'poor', limits });
    const refused = await api.post(key, { prompt: 'x' }, { 'idempotency-key': 'one' });
    expect([refused.status, refused.json]).toEqual([429, expect.objectContaining({ code: 'quota_exceeded' })]);
    expect(fieldsOf(refused)[0]).toContain('"gpu-seconds";q=0;qu="gpu-seconds";w=86400');
    const resetS = Number(refused.headers.get('retry-after'));
    expect(fieldsOf(refused)[1]).toContain(`"gpu-seconds";r=0;t=${resetS}`);
    expect(resetS).toBeLessThanOrEqual(86_400);
    // Nothing was claimed: a key of the tenant with more quota may use the same Idempotency-Key.
    const rich = await api.keyOf({ tenant: 'poor', limits: { requestsPerMinute: 50, gpuSecondsPerDay: 1e6 } });
    expect((await api.post(rich, { prompt: 'x' }, { 'idempotency-key': 'one' })).status).toBe(202);
  });
});
