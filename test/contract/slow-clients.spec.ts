import { beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { useApi } from '../support/api.js';

const { api } = await useApi({ REQUEST_TIMEOUT_S: '1' });

let key: string;

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'slow' });
});

/** Sends this much of a request and no more; what comes back until the server closes the connection. */
async function cutOff(text: string): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

const post = (type: string, path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`;

describe('a client that sends slowly', () => {
  it('is cut off with 408 within its headers', async () => {
    expect(await cutOff('GET /healthz HTTP/1.1\r\nHost: x\r\nX-')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['of JSON', 'application/json', '/v1/generations', '{"prompt":'],
    ['of a small JSON', 'application/json', '/v1/webhook-secret/rotate', '{"overlap_s":'],
    [
      'of a form',
      'multipart/form-data; boundary=b',
      '/v1/edits',
      '--b\r\nContent-Disposition: form-data; name="prompt"',
    ],
  ])('is cut off with 408 within a body %s, and nothing is accepted', async (_case, type, path, start) => {
    expect(await cutOff(post(type, path) + start)).toMatch(/^HTTP\/1\.1 408 /);
    expect((await api.call('/v1/jobs', { key })).json).toMatchObject({ jobs: [] });
  });
});

describe('an answer that takes longer than a request may', () => {
  it('comes after Prefer: wait', async () => {
    const answer = await api.post(key, { prompt: 'x' }, { prefer: 'wait=3' });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'wait=3']);
  });

  it('comes as events', async () => {
    const { id } = (await api.post(key, { prompt: 'x' })).json as { id: string };
    const stream = api.call(`/v1/jobs/${id}/events`, { key });
    await sleep(3_000);
    await api.call(`/v1/jobs/${id}/cancel`, { method: 'POST', key });
    expect((await stream).text).toContain('event: result');
  });
});
