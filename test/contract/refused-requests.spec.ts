import { beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ProblemDocument } from '../../apps/api/src/http/problems.js';
import { useApi } from '../support/api.js';

const { api } = await useApi({ REQUEST_TIMEOUT_S: '1' });

let key: string;

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'raw' });
});

/** Sends these bytes, and `then` when the first answer is there; what comes back until the server closes the connection. */
async function send(
  bytes: string | Buffer,
  { then, end = false }: { then?: string; end?: boolean } = {},
): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  if (then !== undefined) socket.once('data', () => socket.write(then));
  if (end) socket.end(bytes);
  else socket.write(bytes);
  await once(socket, 'close');
  return text;
}

interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

function parse(text: string): RawAnswer {
  const [head, body] = text.split('\r\n\r\n') as [string, string];
  const [line, ...fields] = head.split('\r\n');
  const headers = new Map(
    fields.map((field) => field.split(': ') as [string, string]).map(([n, v]) => [n.toLowerCase(), v]),
  );
  expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(body));
  return { status: Number(/^HTTP\/1\.1 (\d+) \w/.exec(line!)?.[1]), headers, body };
}

const head = (...lines: string[]): string => [...lines, '', ''].join('\r\n');
const chunked = (path: string): string =>
  head(
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${key}`,
    'Transfer-Encoding: chunked',
    'Content-Type: application/json',
  );

describe('what never becomes a request is answered with a problem, and the connection is closed', () => {
  it.each([
    ['no HTTP', head('HELLO'), 400, 'malformed_request'],
    ['TLS', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]), 400, 'malformed_request'],
    ['HTTP/2', `${head('PRI * HTTP/2.0')}SM\r\n\r\n`, 400, 'malformed_request'],
    ['an unknown method', head('FETCH / HTTP/1.1', 'Host: x'), 400, 'malformed_request'],
    ['a header that is none', head('GET / HTTP/1.1', 'Host: x', 'X y: 1'), 400, 'malformed_request'],
    ['a length below 0', head('POST / HTTP/1.1', 'Host: x', 'Content-Length: -1'), 400, 'malformed_request'],
    ['no Host', head('GET /healthz HTTP/1.1'), 400, 'malformed_request'],
    ['an Expect', head('GET /healthz HTTP/1.1', 'Host: x', 'Expect: miracles'), 417, 'expectation_failed'],
    ['a proxy call', head('CONNECT example.com:443 HTTP/1.1', 'Host: x'), 405, 'method_not_allowed'],
    ['large headers', head('GET / HTTP/1.1', 'Host: x', `Cookie: ${'x'.repeat(17_000)}`), 431, 'headers_too_large'],
    ['headers that do not come', 'GET / HTTP/1.1\r\nHost: x\r\n', 408, 'request_timeout'],
  ])('%s', async (_case, bytes, status, code) => {
    const answer = parse(await send(bytes));
    expect([answer.status, ProblemDocument.parse(JSON.parse(answer.body))]).toMatchObject([status, { status, code }]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      connection: 'close',
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    });
  });

  it.each([
    ['a chunk without a size', 'no size\r\n', 400, 'malformed_request'],
    ['chunks with a long story', `1;${'x'.repeat(17_000)}\r\n{\r\n`, 413, 'body_too_large'],
    ['chunks that do not come', '1\r\n{\r\n', 408, 'request_timeout'],
  ])('%s', async (_case, chunks, status, code) => {
    const answer = parse(await send(chunked('/v1/generations') + chunks));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { status, code }]);
  });

  it('says what is wrong', async () => {
    const { body } = parse(await send(head('GET / HTTP/1.1', 'Host: x', 'X y: 1')));
    expect(ProblemDocument.parse(JSON.parse(body)).detail).toBe('Invalid header token');
  });

  it('also to a client that ended in the middle of its request', async () => {
    const answer = parse(await send('GET / HTTP/1.1\r\nHost: x\r\n', { end: true }));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { code: 'malformed_request' }]);
  });

  it('in OpenAI’s form under its paths', async () => {
    const answer = parse(await send(`${chunked('/v1/images/generations')}no size\r\n`));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { error: { code: 'malformed_request' } }]);
  });
});

describe('a connection on which something was answered', () => {
  const get = (path: string): string => head(`GET ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`);

  it('gets the problem after the answers that are whole', async () => {
    const text = await send(get('/healthz'), { then: head('HELLO') });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  it('is closed without a word in the middle of an answer', async () => {
    const { id } = (await api.post(key, { prompt: 'x' })).json as { id: string };
    const text = await send(get(`/v1/jobs/${id}/events`), { then: head('HELLO') });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(text).toMatch(/event: state/);
  });
});
