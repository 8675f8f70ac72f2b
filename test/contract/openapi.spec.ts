import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EditBody, GenerationBody } from '@app/common/contracts/generation.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { ProblemDocument, problems, type ProblemCode } from '../../apps/api/src/http/problems.js';
import { ImagesEditBody, ImagesGenerationBody } from '../../apps/api/src/openai/image-bodies.js';
import { useApi } from '../support/api.js';

const { api } = await useApi();

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string }; examples?: object }> }>;
  security?: unknown[];
}

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Record<string, unknown>>;
    examples: Record<string, { value: { code: string } }>;
  };
}

let document: OpenApi;

beforeAll(async () => {
  document = (await api.call('/openapi.json')).json as OpenApi;
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
      const [, kind, name] = /^#\/components\/(schemas|examples)\/(\w+)$/.exec(reference) ?? [];
      const components = document.components[kind as 'schemas' | 'examples'];
      expect([reference, components[name!]]).toEqual([reference, expect.any(Object)]);
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

  it('has an example of every body and of the job, each of which the API would take or give', () => {
    const exampleOf = (path: string): unknown => {
      const { schema } = document.paths[path]!.post!.requestBody!.content['application/json']!;
      return (schema as { example?: unknown }).example;
    };
    GenerationBody.parse(exampleOf('/v1/generations'));
    EditBody.parse(exampleOf('/v1/edits'));
    ImagesGenerationBody.parse(exampleOf('/v1/images/generations'));
    ImagesEditBody.parse(exampleOf('/v1/images/edits'));
    JobDocument.parse(document.components.schemas.JobDocument!.example);
  });

  it('tells the problems of each route, by status, with an example of each', () => {
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).flatMap(({ responses }) =>
        Object.entries(responses).flatMap(([status, { content = {} }]) =>
          Object.values(content).flatMap(({ examples = {} }) =>
            Object.keys(examples).map((code) => ({ path, status: Number(status), code })),
          ),
        ),
      ),
    );
    for (const { path, status, code } of told) {
      const { status: ownStatus } = problems[code as ProblemCode];
      expect([code, status]).toEqual([code, path.startsWith('/v1/images/') && ownStatus === 422 ? 400 : ownStatus]);
      expect(ProblemDocument.parse(document.components.examples[code]!.value).code).toBe(code);
    }
    // What is no request, or has a wrong method, has no operation; signed file URLs are no part of the document.
    const codes = new Set(told.map(({ code }) => code));
    const untold = Object.keys(problems).filter((code) => !codes.has(code));
    const ofNoRoute = ['expectation_failed', 'headers_too_large', 'malformed_request', 'request_timeout'];
    expect(untold.sort()).toEqual([...ofNoRoute, 'file_url_refused', 'method_not_allowed'].sort());
  });

  it('describes forms with files in the place of images', () => {
    for (const path of ['/v1/edits', '/v1/images/edits']) {
      const { schema } = document.paths[path]!.post!.requestBody!.content['multipart/form-data']!;
      const { properties } = schema as { properties: Record<string, unknown> };
      const files = { type: 'array', items: { type: 'string', format: 'binary' }, maxItems: 4 };
      expect(properties).toMatchObject({ image: files, 'image[]': files, prompt: { type: 'string' } });
      expect(properties).not.toHaveProperty('images');
    }
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
