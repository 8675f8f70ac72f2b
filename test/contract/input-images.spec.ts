import { beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { ProblemDocument } from '../../apps/api/src/http/problems.js';
import { type Answer, signingKey, useApi } from '../support/api.js';
import { catalogWithEdits, editModel } from '../support/catalogs.js';

const { api, atEnd } = await useApi({ ZIMAGE_MODE: 'embedded', MODELS_FILE: catalogWithEdits() });

let key: string;
let images: Server;
let origin: string;
let hits = 0;
let png: Buffer;

const picture = (width: number, height: number, background = 'red'): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
const dataUrl = (bytes: Uint8Array, type = 'image/png'): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
const jobOf = ({ json }: Answer) => JobDocument.parse(json);
const problemOf = ({ json }: Answer) => ProblemDocument.parse(json);
const edit = (body: unknown, headers?: Record<string, string>) =>
  api.call('/v1/edits', { method: 'POST', key, body, ...(headers && { headers }) });
const form = async (fields: [string, string | Buffer][]): Promise<Answer> => {
  const data = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value)]), 'file');
  }
  const response = await fetch(new URL('/v1/edits', api.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: data,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
};
const jobCount = async (): Promise<number> =>
  ((await api.call('/v1/jobs?limit=100', { key })).json as { jobs: unknown[] }).jobs.length;

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'acme' });
  png = await picture(320, 200);
  images = createServer((request, response) => {
    hits += 1;
    if (request.url === '/a.png') response.writeHead(200).end(png);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(images, 'listening');
  origin = `http://127.0.0.1:${(images.address() as AddressInfo).port}`;
  atEnd(() => images.close());
});

describe('input images', () => {
  it('are stored as PNG under their hash, and size what is made', async () => {
    const job = jobOf(await api.post(key, { prompt: 'x', image: dataUrl(await picture(330, 210)) }));
    expect(job).toMatchObject({ kind: 'generation', progress: { step: 0, steps: 5 } });
    expect(job.request).toMatchObject({ width: 320, height: 208, strength: 0.6, image: { width: 330, height: 210 } });
    const { sha256, bytes } = job.request.image!;
    const storage = openStorage(api.storageUrl, { publicUrl: api.url, signingKey });
    expect(await storage.head(`acme/inputs/${sha256}.png`)).toMatchObject({ bytes, sha256, contentType: 'image/png' });
  });

  it('come from a URL, a data URL or several at once; the cost counts them', async () => {
    const job = jobOf(await edit({ prompt: 'make it blue', images: [`${origin}/a.png`, dataUrl(png)] }));
    expect(job).toMatchObject({ kind: 'edit', model: editModel });
    const { images: inputs } = job.request;
    expect(inputs).toHaveLength(2);
    expect(inputs![0]).toEqual(inputs![1]);
    expect([job.request.width, job.request.height]).toEqual([320, 192]);
  });

  it('are fitted into the limits of the model and its budget', async () => {
    const large = jobOf(await api.post(key, { prompt: 'x', image: dataUrl(await picture(4000, 1000)) }));
    expect(large.request).toMatchObject({ width: 1024, height: 256 });
    const reference = jobOf(await edit({ prompt: 'x', images: [dataUrl(await picture(1024, 1024))] }));
    expect(reference.request.width).toBeLessThan(1024);
    expect(reference.request.width).toBe(reference.request.height);
    const asked = jobOf(await api.post(key, { prompt: 'x', image: dataUrl(png), width: 128, height: 64 }));
    expect(asked.request).toMatchObject({ width: 128, height: 64 });
  });

  it('come with a mask of their size, and make strength 1 the default', async () => {
    const mask = dataUrl(await picture(320, 200, 'white'));
    const job = jobOf(await api.post(key, { prompt: 'x', image: dataUrl(png), mask }));
    expect(job.request).toMatchObject({ strength: 1, mask: { width: 320, height: 200 } });
    const other = await api.post(key, { prompt: 'x', image: dataUrl(png), mask: dataUrl(await picture(64, 64)) });
    expect([other.status, problemOf(other).errors![0]!.field]).toEqual([422, 'mask']);
  });

  it('are not fetched again for a body that is repeated', async () => {
    const body = { prompt: 'x', images: [`${origin}/a.png`] };
    const headers = { 'idempotency-key': 'edit-1' };
    const first = jobOf(await edit(body, headers));
    const before = hits;
    const again = await edit(body, headers);
    expect(jobOf(again).id).toBe(first.id);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(hits).toBe(before);
  });

  it('that are bad cost no job, and leave the idempotency key free', async () => {
    const before = await jobCount();
    const headers = { 'idempotency-key': 'edit-2' };
    const bad = await edit({ prompt: 'x', images: [`${origin}/gone.png`] }, headers);
    expect([bad.status, problemOf(bad).code]).toEqual([422, 'image_unreachable']);
    expect(await jobCount()).toBe(before);
    expect((await edit({ prompt: 'y', images: [dataUrl(png)] }, headers)).status).toBe(202);
  });

  it.each<[string, () => unknown, number, string, string[]]>([
    ['no images', () => ({ images: [] }), 422, 'validation_failed', ['images']],
    ['five images', () => ({ images: Array(5).fill(dataUrl(png)) }), 422, 'validation_failed', ['images']],
    ['a text that is no source', () => ({ images: ['cat.png'] }), 422, 'validation_failed', ['images[0]']],
    ['an ftp URL', () => ({ images: ['ftp://example.com/a.png'] }), 422, 'validation_failed', ['images[0]']],
    ['a file URL', () => ({ images: ['file:///etc/passwd'] }), 422, 'validation_failed', ['images[0]']],
    [
      'a private address',
      () => ({ images: [dataUrl(png), 'https://10.0.0.1/a.png'] }),
      422,
      'image_url_refused',
      ['images[1]'],
    ],
    ['cloud metadata', () => ({ images: ['http://169.254.169.254/'] }), 422, 'image_url_refused', ['images[0]']],
    ['a URL without an image', () => ({ images: [`${origin}/gone`] }), 422, 'image_unreachable', ['images[0]']],
    [
      'an SVG',
      () => ({ images: [dataUrl(Buffer.from('<svg/>'), 'image/png')] }),
      415,
      'image_type_unsupported',
      ['images[0]'],
    ],
    ['an empty data URL', () => ({ images: ['data:image/png;base64,'] }), 415, 'image_type_unsupported', ['images[0]']],
    [
      'half a PNG',
      () => ({ images: [dataUrl(png), dataUrl(png.subarray(0, 200))] }),
      422,
      'image_invalid',
      ['images[1]'],
    ],
    [
      'two bad images',
      () => ({ images: [dataUrl(png.subarray(0, 99)), dataUrl(png), dataUrl(png.subarray(0, 99))] }),
      422,
      'image_invalid',
      ['images[0]', 'images[2]'],
    ],
    ['11 MB', () => ({ images: [dataUrl(Buffer.alloc(11_000_000))] }), 422, 'image_too_large', ['images[0]']],
    [
      'an unknown upload',
      () => ({ images: ['upl_01ARZ3NDEKTSV4RRFFQ69G5FAV'] }),
      422,
      'upload_not_found',
      ['images[0]'],
    ],
    [
      'an upload id that leaves its folder',
      () => ({ images: ['upl_../../x'] }),
      422,
      'validation_failed',
      ['images[0]'],
    ],
    [
      'a model that edits nothing',
      () => ({ images: [dataUrl(png)], model: 'z-image-nano' }),
      422,
      'kind_not_served',
      ['model'],
    ],
  ])('name the field of %s', async (_case, body, status, code, fields) => {
    const answer = await edit({ prompt: 'x', ...(body() as object) });
    expect([answer.status, problemOf(answer).code]).toEqual([status, code]);
    expect(problemOf(answer).errors!.map(({ field }) => field)).toEqual(fields);
  });

  it.each<[string, object, string]>([
    ['a mask without an image', { mask: 'https://example.com/a.png' }, 'mask'],
    ['strength without an image', { strength: 0.5 }, 'strength'],
    ['no strength at all', { image: 'https://example.com/a.png', strength: 0 }, 'strength'],
    ['strength above 1', { image: 'https://example.com/a.png', strength: 1.1 }, 'strength'],
    ['an image that is no text', { image: 5 }, 'image'],
  ])('of a generation name the field of %s', async (_case, body, field) => {
    const answer = await api.post(key, { prompt: 'x', ...body });
    expect(answer.status).toBe(422);
    expect(problemOf(answer).errors!.map((error) => error.field)).toEqual([field]);
  });
});

describe('POST /v1/edits as a form', () => {
  it('takes files and the fields that JSON has', async () => {
    const answer = await form([
      ['prompt', '42'],
      ['image[]', png],
      ['image[]', await picture(64, 64)],
      ['steps', '4'],
      ['output', '{"format":"webp"}'],
    ]);
    expect(answer.status).toBe(202);
    const { request } = jobOf(answer);
    expect(request).toMatchObject({ prompt: '42', steps: 4, output: { format: 'webp' } });
    expect(request.images!.map(({ width }) => width)).toEqual([320, 64]);
  });

  it.each<[string, () => [string, string | Buffer][], number, string]>([
    ['no file', () => [['prompt', 'x']], 422, 'images'],
    [
      'a file in an unknown part',
      () => [
        ['prompt', 'x'],
        ['picture', png],
      ],
      422,
      'picture',
    ],
    [
      'a file that is no image',
      () => [
        ['prompt', 'x'],
        ['image', Buffer.from('GIF89a')],
      ],
      415,
      'images[0]',
    ],
    [
      'a large file',
      () => [
        ['prompt', 'x'],
        ['image', Buffer.alloc(10_000_001)],
      ],
      422,
      'image',
    ],
    [
      'a field that JSON does not know',
      () => [
        ['prompt', 'x'],
        ['image', png],
        ['strength', '1'],
      ],
      422,
      'strength',
    ],
    [
      'a field that is there twice',
      () => [
        ['prompt', 'x'],
        ['seed', '1'],
        ['seed', '2'],
        ['image', png],
      ],
      422,
      'seed',
    ],
    ['too many files', () => [['prompt', 'x'], ...Array<[string, Buffer]>(6).fill(['image', png])], 422, 'images'],
  ])('names the part of %s', async (_case, fields, status, field) => {
    const answer = await form(fields());
    expect([answer.status, problemOf(answer).errors!.map((error) => error.field)]).toEqual([status, [field]]);
  });

  it('tells an unfinished form and other types apart', async () => {
    const post = (type: string, body: string) => edit(body, { 'content-type': type });
    const torn = await post(
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx',
    );
    expect([torn.status, problemOf(torn).code]).toEqual([400, 'invalid_multipart']);
    const unbounded = await post('multipart/form-data', '--x--');
    expect([unbounded.status, problemOf(unbounded).code]).toEqual([400, 'invalid_multipart']);
    const text = await post('text/plain', 'x');
    expect([text.status, problemOf(text).code]).toEqual([415, 'unsupported_media_type']);
  });

  it('is not read for one without a key', async () => {
    const answer = await api.call('/v1/edits', { method: 'POST', body: 'x'.repeat(5_000_000) });
    expect(answer.status).toBe(401);
  });
});
