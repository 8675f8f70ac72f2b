import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KeyInvalid, KeyStore, type NewKey } from '@app/common/auth/key-store.js';
import { scopes, type Scope } from '@app/common/auth/scopes.js';
import { type Answer, useApi } from '../support/api.js';

const { api, redis } = await useApi();

const keys = new KeyStore(redis);

interface Operation {
  'x-required-scope'?: Scope;
}
const document = JSON.parse(readFileSync(resolve('docs/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};
/** Everything that the API answers, as openapi.spec.ts holds the document to it. */
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    scope: operation['x-required-scope'],
  })),
);
/** What needs no key: the page, probes, the documentation, and files behind signed URLs. */
const publicRoutes = [
  'GET /',
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /openapi.yaml',
  'GET /files/*key',
  'PUT /files/*key',
];
const guarded = operations.filter((o): o is typeof o & { scope: Scope } => o.scope !== undefined);
const jobRoutes = guarded.filter(({ path }) => path.startsWith('/v1/jobs/{id}'));
/** A path with something in place of each parameter. */
const filled = (path: string, id = 'x'): string => path.replace('{id}', id).replace(/\{\w+\}/g, 'x');

it('asks for a scope on every route that is not named here as public', () => {
  const open = operations.filter(({ scope }) => scope === undefined).map(({ route }) => route);
  expect(open.filter((route) => !publicRoutes.includes(route))).toEqual([]);
  const documented = operations.map(({ route }) => route);
  const hidden = api.routes().filter((route) => !documented.includes(route));
  expect(hidden.filter((route) => !publicRoutes.includes(route) && !route.startsWith('GET /docs'))).toEqual([]);
  expect(guarded.length).toBeGreaterThan(10);
});

it('is told by docs/api.md for every route with a scope, and for no others under /v1', () => {
  const rows = readFileSync(resolve('docs/api.md'), 'utf8').matchAll(/^\| (`[^|]+`) +\| (\w+) +\|/gm);
  const told = [...rows].flatMap(([, calls, scope]) => {
    const [, method] = /^`(\w+)/.exec(calls!)!;
    return [...calls!.matchAll(/(\/v1[^`?]*)/g)].map(([, path]) => `${method} ${path}: ${scope}`);
  });
  expect(told.sort()).toEqual(guarded.map(({ route, scope }) => `${route}: ${scope}`).sort());
});

it('answers 401 without a key on every route that the running application has, but the public ones', async () => {
  const isPublic = (route: string): boolean => publicRoutes.includes(route) || route.startsWith('GET /docs');
  const guardedNow = api.routes().filter((route) => !isPublic(route));
  expect(guardedNow.length).toBe(guarded.length);
  for (const route of guardedNow) {
    const [method, path] = route.split(' ');
    expect([route, (await api.call(filled(path!), { method: method! })).status]).toEqual([route, 401]);
  }
});

describe('keys', () => {
  it('hold 256 random bits and are stored as their hash alone', async () => {
    const made = await keys.create({ tenant: 'acme' });
    expect(Buffer.from(made.key.slice('zq_'.length), 'base64url')).toHaveLength(32);
    expect(made).toMatchObject({ tenant: 'acme', scopes: ['generate', 'read'], weight: 1 });
    for (const stored of await redis.keys('zq:key*')) {
      const value = (await redis.type(stored)) === 'hash' ? await redis.hgetall(stored) : await redis.get(stored);
      expect(stored + JSON.stringify(value)).not.toContain(made.key);
    }
  });

  it('are listed without themselves and end when revoked', async () => {
    const made = await keys.create({ tenant: 'short-lived', weight: 2.5, scopes: ['read'] });
    const listed = (await keys.list()).find(({ id }) => id === made.id);
    expect(listed).toEqual({
      id: made.id,
      tenant: 'short-lived',
      scopes: ['read'],
      weight: 2.5,
      limits: {},
      createdAt: made.createdAt,
    });
    expect((await api.call('/v1/jobs', { key: made.key })).status).toBe(200);
    expect(await keys.revoke(made.id)).toBe(true);
    expect(await keys.revoke(made.id)).toBe(false);
    expect((await api.call('/v1/jobs', { key: made.key })).status).toBe(401);
    expect((await keys.list()).map(({ id }) => id)).not.toContain(made.id);
  });

  it('are refused as revoked, not as too many, when the rate is used up as well', async () => {
    const made = await keys.create({ tenant: 'eager', scopes: ['read'], limits: { requestsPerMinute: 1 } });
    const statusOf = async () => (await api.call('/v1/jobs', { key: made.key })).status;
    expect([await statusOf(), await statusOf()]).toEqual([200, 429]);
    await keys.revoke(made.id);
    expect(await statusOf()).toBe(401);
  });

  it.each<[string, NewKey]>([
    ['tenant', { tenant: '' }],
    ['tenant', { tenant: '../acme' }],
    ['tenant', { tenant: 'a:b' }],
    ['tenant', { tenant: 'a'.repeat(64) }],
    ['scopes', { tenant: 'a', scopes: [] }],
    ['weight', { tenant: 'a', weight: 0 }],
    ['weight', { tenant: 'a', weight: Infinity }],
  ])('are refused with a bad %s: %j', async (field, description) => {
    await expect(keys.create(description)).rejects.toThrow(KeyInvalid);
    await expect(keys.create(description)).rejects.toThrow(field);
  });
});

describe.each(guarded)('$route', ({ method, path, scope }) => {
  it.each([
    ['no key', undefined],
    ['an unknown key', `zq_${'A'.repeat(43)}`],
    ['something else', 'hunter2'],
  ])('answers 401 to %s', async (_case, key) => {
    const answer = await api.call(filled(path), { method, key });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="zimage-queue"/);
    expect(codeOf(answer)).toBe('unauthenticated');
  });

  it(`answers 403 to a key without ${scope}`, async () => {
    const key = await api.keyOf({ tenant: 'limited', scopes: scopes.filter((other) => other !== scope) });
    const answer = await api.call(filled(path), { method, key });
    expect(answer.status).toBe(403);
    expect(codeOf(answer)).toBe('scope_missing');
    expect(answer.text).toContain(scope);
  });
});

it('asks for the scope priority above priority normal', async () => {
  const plain = await api.keyOf({ tenant: 'plain' });
  const refused = await api.post(plain, { prompt: 'x', priority: 'high' });
  expect([refused.status, refused.json]).toEqual([403, expect.objectContaining({ scope: 'priority' })]);
  const raised = await api.keyOf({ tenant: 'plain', scopes: ['generate', 'priority'] });
  expect((await api.post(raised, { prompt: 'x', priority: 'high' })).status).toBe(202);
});

describe('tenants', () => {
  it.each(jobRoutes)('$route reads the same for a foreign job as for none', async ({ method, path }) => {
    const owner = await api.keyOf({ tenant: 'owner' });
    const stranger = await api.keyOf({ tenant: 'stranger', scopes: ['generate', 'read', 'admin'] });
    const { id } = (await api.post(owner, { prompt: 'secret' })).json as { id: string };
    const unknown = id.replace(/_[0-9A-Z]{26}_/, '_01ARZ3NDEKTSV4RRFFQ69G5FAV_');
    const idless = ['nonsense', '..%2f..%2fetc', id.replace('turbo', 'other'), `${id}%00`];
    const foreign = await api.call(filled(path, id), { method, key: stranger });
    expect(foreign.status).toBe(404);
    for (const other of [unknown, ...idless]) {
      const answer = await api.call(filled(path, other), { method, key: stranger });
      expect([answer.status, answer.text]).toEqual([404, foreign.text]);
      expect(headerNames(answer.headers)).toEqual(headerNames(foreign.headers));
    }
    expect((await api.call(`/v1/jobs/${id}`, { key: owner })).json).toMatchObject({ state: 'queued' });
  });

  it('list their own jobs alone, newest first, page by page', async () => {
    const [mine, theirs] = await Promise.all([api.keyOf({ tenant: 'mine' }), api.keyOf({ tenant: 'theirs' })]);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.unshift(((await api.post(mine, { prompt: `${i}` })).json as { id: string }).id);
      await api.post(theirs, { prompt: 'theirs' });
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = (await api.call(`/v1/jobs?limit=2${query}`, { key: mine })).json as {
        jobs: { id: string }[];
        next_cursor: string | null;
      };
      seen.push(...page.jobs.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(ids);
    const running = await api.call('/v1/jobs?state=running', { key: mine });
    expect(running.json).toEqual({ jobs: [], next_cursor: null });
  });

  it('read what is wrong with a limit', async () => {
    const key = await api.keyOf({ tenant: 'mine' });
    expect((await api.call('/v1/jobs?limit=101', { key })).json).toMatchObject({
      errors: [{ field: 'limit', message: 'must be at most 100' }],
    });
  });

  it.each(['state=open', 'limit=0', 'limit=x', 'limit=101', 'cursor=x', 'sort=asc'])(
    'refuse the query %s',
    async (query) => {
      const key = await api.keyOf({ tenant: 'mine' });
      const answer = await api.call(`/v1/jobs?${query}`, { key });
      expect(answer.status).toBe(422);
      expect(answer.json).toMatchObject({ code: 'validation_failed', errors: [{ field: query.split('=')[0] }] });
    },
  );

  it('have a webhook secret each', async () => {
    const secretOf = async (tenant: string) =>
      (await api.call('/v1/webhook-secret', { key: await api.keyOf({ tenant }) })).json as { secret: string };
    const first = await secretOf('mine');
    expect(first.secret).toMatch(/^whsec_/);
    expect(await secretOf('mine')).toEqual(first);
    expect((await secretOf('theirs')).secret).not.toBe(first.secret);
  });
});

/** A refusal's code, in a problem or in OpenAI's form of an error. */
const codeOf = ({ json }: Answer): string | undefined => {
  const { code, error } = json as { code?: string; error?: { code: string } };
  return code ?? error?.code;
};

const headerNames = (headers: Headers): string[] => [...headers.keys()].sort();
