import { beforeAll, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { ProblemDocument } from '../../apps/api/src/http/problems.js';
import { useApi } from '../support/api.js';
import { catalogWithEdits, editModel } from '../support/catalogs.js';

const bound = 1_000;
const { api } = await useApi({ MODELS_FILE: catalogWithEdits({ max_body_bytes: bound }) });

let key: string;
let picture: Buffer;

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'acme' });
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'black', noise } })
    .png()
    .toBuffer();
});

const edit = (body: RequestInit['body'], headers: Record<string, string>) =>
  fetch(new URL('/v1/edits', api.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...headers },
    body: body!,
  });
const form = (): FormData => {
  const parts = new FormData();
  parts.set('prompt', 'x');
  parts.set('image', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'a.png');
  return parts;
};
const asJson = (): string =>
  JSON.stringify({ prompt: 'x', images: [`data:image/png;base64,${picture.toString('base64')}`] });

it.each([
  ['JSON', () => edit(asJson(), { 'content-type': 'application/json' })],
  ['a form', () => edit(form(), {})],
])("refuses a body above the model's own limit, by its name: %s", async (_case, post) => {
  const answer = await post();
  const problem = ProblemDocument.parse(await answer.json());
  expect(problem).toMatchObject({ status: 422, code: 'limit_exceeded', limit: 'max_body_bytes', bound });
  expect(problem.errors).toMatchObject([{ field: 'body', message: expect.stringContaining(editModel) }]);
});

it("leaves other models' bodies alone", async () => {
  const body = { prompt: 'x', metadata: { note: 'y'.repeat(2 * bound) } };
  expect((await api.post(key, body)).status).toBe(202);
});
