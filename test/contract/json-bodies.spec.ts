import { beforeAll, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { ProblemDocument } from '../../apps/api/src/http/problems.js';
import { useApi } from '../support/api.js';

const { api } = await useApi();

let key: string;

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'acme' });
});

const post = (path: string, body: Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(new URL(path, api.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: new Uint8Array(body),
  });
const good = Buffer.from('{"prompt": "x"}');
const gzip = { 'content-encoding': 'gzip' };

it.each([
  ['{"prompt": "x",\n "seed": 1,}', 'body: line 2, column 12: property name expected'],
  ['{"prompt": "x"', 'body: line 1, column 15: close brace expected'],
  ["{'prompt': 'x'}", 'body: line 1, column 2: invalid symbol'],
])('says where %j is no JSON, on every route', async (body, detail) => {
  for (const path of ['/v1/generations', '/v1/webhook-secret/rotate']) {
    const answer = await post(path, Buffer.from(body));
    const problem = ProblemDocument.parse(await answer.json());
    expect([answer.status, problem]).toMatchObject([400, { code: 'invalid_json', detail }]);
  }
});

it.each([
  ['of another packing', good, gzip, 400, 'Content-Encoding'],
  ['that is cut off', gzipSync(good).subarray(0, 20), gzip, 400, 'Content-Encoding'],
  ['of an unknown packing', good, { 'content-encoding': 'lzma' }, 415, 'Content-Encoding'],
  ['in Latin-1', Buffer.from('{"prompt": "café"}', 'latin1'), {}, 400, 'body'],
  ['that says Latin-1', good, { 'content-type': 'application/json; charset=latin1' }, 415, 'Content-Type'],
  ['of a form', good, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'Content-Type'],
])('names what is wrong with a body %s', async (_case, body, headers, status, field) => {
  const answer = await post('/v1/generations', body, headers);
  const { errors } = ProblemDocument.parse(await answer.json());
  expect([answer.status, errors]).toMatchObject([status, [{ field }]]);
});

it('takes a body that is packed as it says', async () => {
  expect((await post('/v1/generations', gzipSync(good), gzip)).status).toBe(202);
});
