import { describe, expect, it } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { generationRequest } from '../../../../test/support/jobs.js';
import type { JobDocument } from '../jobs/job-document.js';
import { parseEntry } from './outbox.js';
import { parseRetryAfter, retryDelay, retryDelaysMs } from './retry-schedule.js';
import { signedMessage, webhookId } from './webhook-message.js';

const document: JobDocument = {
  id: 'job_01',
  state: 'succeeded',
  kind: 'generation',
  model: 'm',
  request: generationRequest,
  priority: 'normal',
  progress: { step: 8, steps: 8 },
  images: [],
  error: null,
  metadata: {},
  created_at: '2026-01-01T00:00:00.000Z',
  started_at: null,
  finished_at: null,
  deadline_at: null,
  timings: { queue_ms: 1, compute_ms: 2, upload_ms: 3 },
  batch: null,
  copies: [],
  attempts: 1,
  worker: 'w',
};
const secretOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const secret = secretOf(7);
const pair = generateKeyPairSync('ed25519');
const { d = '', x = '' } = pair.privateKey.export({ format: 'jwk' });
const privateKey = `whsk_${Buffer.concat([d, x].map((part) => Buffer.from(part, 'base64url'))).toString('base64')}`;
const keys = { secrets: [secret], privateKeys: [privateKey] };

describe('webhook messages', () => {
  it('verify with the reference library, and not once they were changed', () => {
    const now = new Date();
    const { body, headers } = signedMessage({ id: 'evt_1', event: 'job.succeeded', document, keys, now });
    const webhook = new Webhook(secret);
    expect(webhook.verify(body, headers)).toEqual({
      type: 'job.succeeded',
      timestamp: now.toISOString(),
      data: document,
    });
    expect(() => webhook.verify(body.replace('apple', 'pears'), headers)).toThrow();
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'evt_2' })).toThrow();
  });

  it('verify by ed25519 with the public key alone', () => {
    const now = new Date();
    const { body, headers } = signedMessage({ id: 'evt_1', event: 'job.succeeded', document, keys, now });
    const signature = headers['webhook-signature']!.split(' ').find((part) => part.startsWith('v1a,'))!;
    const signed = Buffer.from(`evt_1.${headers['webhook-timestamp']}.${body}`);
    const publicKey = createPublicKey(pair.privateKey);
    expect(verify(null, signed, publicKey, Buffer.from(signature.slice(4), 'base64'))).toBe(true);
    expect(
      verify(null, Buffer.concat([signed, Buffer.from(' ')]), publicKey, Buffer.from(signature.slice(4), 'base64')),
    ).toBe(false);
  });

  it('verify with the secret of before a rotation and with the new one', () => {
    const rotating = { secrets: [secret, secretOf(8)], privateKeys: [] };
    const { body, headers } = signedMessage({
      id: 'evt_1',
      event: 'job.succeeded',
      document,
      keys: rotating,
      now: new Date(),
    });
    for (const accepted of rotating.secrets) expect(() => new Webhook(accepted).verify(body, headers)).not.toThrow();
    expect(() => new Webhook(secretOf(9)).verify(body, headers)).toThrow();
  });

  it('stay under 20 kB', () => {
    const request = { ...document.request, prompt: '苹'.repeat(4000), negative_prompt: '🍏'.repeat(4000) };
    const { body } = signedMessage({
      id: 'evt_1',
      event: 'job.succeeded',
      document: { ...document, request, metadata: { note: 'x'.repeat(4000) } },
      keys,
      now: new Date(),
    });
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    expect(JSON.parse(body)).toMatchObject({ data: { metadata: { note: 'x'.repeat(4000) } } });
  });

  it('have an id that depends on job and event alone and has no dots', () => {
    const ids = ['a.job.started', 'a.job.succeeded', 'b.job.started'].map(webhookId);
    expect(new Set(ids).size).toBe(3);
    expect(webhookId('a.job.started')).toBe(ids[0]);
    expect(ids[0]).toMatch(/^evt_[0-9a-f]{32}$/);
  });

  it('come from outbox entries, also of models with dots in their names', () => {
    const id = 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV_z-image.job.2';
    expect(parseEntry(`${id}.job.failed`)).toEqual({ kind: 'webhook', jobId: id, event: 'job.failed' });
    expect(parseEntry(`${id}.job.progress.12`)).toEqual({ kind: 'webhook', jobId: id, event: 'job.progress' });
    expect(parseEntry(`${id}.copy.3`)).toEqual({ kind: 'copy', jobId: id, index: 3 });
    expect(parseEntry(`${id}.job.unheard`)).toBeNull();
    expect(parseEntry('nonsense')).toBeNull();
  });
});

describe('the retry schedule', () => {
  it('follows Standard Webhooks, with up to a tenth of jitter', () => {
    expect(retryDelaysMs.map((ms) => ms / 1000)).toEqual([5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]);
    expect(retryDelay(1, null, retryDelaysMs, () => 0)).toBe(5_000);
    expect(retryDelay(2, null, retryDelaysMs, () => 1)).toBe(330_000);
  });

  it('waits longer for Retry-After, never shorter, and a day at most', () => {
    expect(retryDelay(1, 60_000, retryDelaysMs, () => 0)).toBe(60_000);
    expect(retryDelay(2, 1_000, retryDelaysMs, () => 0)).toBe(300_000);
    expect(retryDelay(1, 1e12, retryDelaysMs, () => 0)).toBe(86_400_000);
  });

  it('reads Retry-After in seconds and as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
    expect([parseRetryAfter(undefined, now), parseRetryAfter('soon', now), parseRetryAfter('-5', now)]).toEqual([
      null,
      null,
      null,
    ]);
  });
});
