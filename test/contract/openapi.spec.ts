import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TestApi } from '../support/api.js';
import { testRedis, type TestRedis } from '../support/redis.js';

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
  security?: unknown[];
}

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>> };
}

let redis: TestRedis;
let api: TestApi;
let document: OpenApi;

beforeAll(async () => {
  redis = await testRedis();
  api = await TestApi.start(redis.url);
  document = (await api.call('/openapi.json')).json as OpenApi;
});
afterAll(async () => {
  await api.stop();
  await redis.stop();
});

const operations = (): Operation[] => Object.values(document.paths).flatMap((path) => Object.values(path));

describe('/openapi.json', () => {
  it('is the document that is checked in: `npm run openapi` writes it', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document).toEqual(JSON.parse(readFileSync(resolve('docs/openapi.json'), 'utf8')));
  });

  it('resolves every reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!);
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1];
      expect([reference, document.components.schemas[name ?? '']]).toEqual([reference, expect.any(Object)]);
    }
  });

  it('gives each operation an id of its own, and each answer with a body its schema', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const accepted = document.paths['/v1/generations']!.post!.responses['202']!;
    expect(accepted.content!['application/json']!.schema).toEqual({ $ref: '#/components/schemas/JobDocument' });
    const refused = document.paths['/v1/generations']!.post!.responses['422']!;
    expect(refused.content!['application/problem+json']!.schema).toEqual({ $ref: '#/components/schemas/Problem' });
  });

  it('describes the body as the API takes it', () => {
    const body = document.paths['/v1/generations']!.post!.requestBody!.content['application/json']!.schema;
    expect(body).toMatchObject({
      type: 'object',
      required: ['prompt'],
      additionalProperties: false,
      properties: {
        width: { type: 'integer', multipleOf: 16 },
        output: { properties: { format: { enum: ['png', 'jpeg', 'webp'] } } },
      },
    });
  });

  it('lists the query of a list', () => {
    const parameters = (document.paths['/v1/jobs']!.get as unknown as { parameters: { name: string; in: string }[] })
      .parameters;
    expect(
      parameters
        .filter((p) => p.in === 'query')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['cursor', 'limit', 'model', 'state']);
  });
});
