import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isTerminal } from '../../libs/common/src/contracts/job-states.js';
import type { JobDocument } from '../../libs/common/src/jobs/job-document.js';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** The whole service as processes, with the instant engine: what matters here is who may do what, how often. */
let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start({ appendfsync: 'everysec' });
});
afterAll(() => fleet.stop());

const jobsOf = async (key: string): Promise<JobDocument[]> => {
  const { jobs } = (await (await fleet.get('/v1/jobs?limit=100', key)).json()) as { jobs: JobDocument[] };
  return jobs;
};

describe('a storm of retries', () => {
  it('makes one job of each idempotency key: 200 posts, 10 keys, 20 at a time', async () => {
    const { key } = await fleet.newKey('stormy');
    const posts = Array.from({ length: 200 }, (_, i) => i);
    const answers: { idempotencyKey: string; status: number; id: string | undefined; retryAfter: string | null }[] = [];
    const lane = async (): Promise<void> => {
      for (let post = posts.shift(); post !== undefined; post = posts.shift()) {
        const idempotencyKey = `key-${post % 10}`;
        const headers = { 'idempotency-key': idempotencyKey };
        const response = await fleet.post({ prompt: idempotencyKey, steps: 2 }, { key, headers });
        const { id } = (await response.json()) as { id?: string };
        answers.push({ idempotencyKey, status: response.status, id, retryAfter: response.headers.get('retry-after') });
      }
    };
    await Promise.all(Array.from({ length: 20 }, lane));

    // A repetition that overtakes the first one is told to come again; all others get the one job.
    const early = answers.filter(({ status }) => status === 409);
    expect(early.every(({ retryAfter }) => retryAfter === '1')).toBe(true);
    const answered = answers.filter(({ status }) => status !== 409);
    expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answered.map(({ idempotencyKey, id }) => `${idempotencyKey} ${id}`)).size).toBe(10);
    await eventually(async () => (await jobsOf(key)).every(({ state }) => isTerminal(state)));
    const jobs = await jobsOf(key);
    expect(jobs).toHaveLength(10);
    expect(jobs.every(({ state, attempts }) => state === 'succeeded' && attempts === 1)).toBe(true);
  });
});

describe('two tenants', () => {
  it('see, end, follow and replay their own jobs alone', async () => {
    const receiver = await WebhookReceiver.start();
    const [mine, theirs] = await Promise.all([fleet.newKey('mine'), fleet.newKey('theirs')]);
    const webhook = { url: receiver.url, events: ['job.succeeded'] };
    const running = await fleet.generate({ prompt: 'mine sleep=1000', steps: 1000 }, { key: mine.key });
    const done = await fleet.generate({ prompt: 'mine', steps: 1, webhook }, { key: mine.key });
    await fleet.finished(done.id);
    await eventually(() => receiver.received.length === 1);
    const webhookId = String(receiver.received[0]!.headers['webhook-id']);

    const unknown = running.id.replace(/_[0-9A-Z]{26}_/, '_01ARZ3NDEKTSV4RRFFQ69G5FAV_');
    const answerOf = async (method: string, path: string): Promise<[number, string]> => {
      const headers = { authorization: `Bearer ${theirs.key}` };
      const response = await fetch(new URL(path, fleet.url), { method, headers });
      return [response.status, await response.text()];
    };
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/cancel'],
      ['GET', '/deliveries'],
      ['POST', `/deliveries/${webhookId}/replay`],
    ] as const) {
      for (const id of [running.id, done.id]) {
        const foreign = await answerOf(method, `/v1/jobs/${id}${path}`);
        expect(foreign[0]).toBe(404);
        expect(foreign).toEqual(await answerOf(method, `/v1/jobs/${unknown}${path}`));
      }
    }
    expect(await jobsOf(theirs.key)).toEqual([]);
    expect((await jobsOf(mine.key)).map(({ id }) => id).sort()).toEqual([running.id, done.id].sort());
    expect(receiver.received).toHaveLength(1);
    // Nothing of the stranger's reached the job; its own tenant ends it.
    expect((await fleet.document(running.id)).state).toBe('running');
    const cancel = { method: 'POST', headers: { authorization: `Bearer ${mine.key}` } };
    expect((await fetch(new URL(`/v1/jobs/${running.id}/cancel`, fleet.url), cancel)).status).toBe(200);
    expect((await fleet.finished(running.id)).state).toBe('canceled');
    await receiver.stop();
  });

  it('may use the same idempotency key, and have secrets and limits of their own', async () => {
    const [first, second] = await Promise.all([fleet.newKey('first'), fleet.newKey('second')]);
    const headers = { 'idempotency-key': 'order-1' };
    const [one, two] = await Promise.all(
      [first, second].map(({ key }) => fleet.generate({ prompt: key.slice(0, 6), steps: 1 }, { key, headers })),
    );
    expect(one!.id).not.toBe(two!.id);
    const secrets = await Promise.all(
      [first, second].map(async ({ key }) => (await fleet.get('/v1/webhook-secret', key)).json()),
    );
    expect(secrets[0]).not.toEqual(secrets[1]);
  });
});
