import { beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { ProblemDocument } from '../../apps/api/src/http/problems.js';
import { Upload } from '../../apps/api/src/uploads/upload.js';
import { useApi } from '../support/api.js';

const { api } = await useApi();

describe('POST /v1/uploads', () => {
  let key: string;
  let png: Buffer;

  beforeAll(async () => {
    key = await api.keyOf({ tenant: 'acme' });
    png = await sharp({ create: { width: 96, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
  });

  const create = async (): Promise<Upload> => {
    const answer = await api.call('/v1/uploads', { method: 'POST', key });
    expect(answer.status).toBe(201);
    return Upload.parse(answer.json);
  };
  const put = async (url: string, body: Buffer, method = 'PUT') => {
    const response = await fetch(url, { method, body: new Uint8Array(body), headers: { 'content-type': 'image/png' } });
    const text = await response.text();
    return { status: response.status, code: text === '' ? null : ProblemDocument.parse(JSON.parse(text)).code };
  };

  it('gives a URL to PUT an image to, and an id that stands for it', async () => {
    const upload = await create();
    expect(upload).toMatchObject({ method: 'PUT', headers: {}, max_bytes: 10_000_000 });
    expect(await put(upload.url, Buffer.from('first'))).toEqual({ status: 200, code: null });
    expect(await put(upload.url, png)).toEqual({ status: 200, code: null });
    const answer = await api.post(key, { prompt: 'x', image: upload.id });
    expect(JobDocument.parse(answer.json).request).toMatchObject({ image: { width: 96, height: 64 } });
  });

  it("reads another tenant's id as one that nothing was put to", async () => {
    const [full, empty] = [await create(), await create()];
    await put(full.url, png);
    const other = await api.keyOf({ tenant: 'other' });
    const [stolen, unused] = [
      await api.post(other, { prompt: 'x', image: full.id }),
      await api.post(key, { prompt: 'x', image: empty.id }),
    ];
    expect(stolen.status).toBe(422);
    expect(stolen.json).toEqual(unused.json);
    expect(ProblemDocument.parse(stolen.json).code).toBe('upload_not_found');
  });

  it('takes no more than max_bytes, and no body without a URL that holds', async () => {
    const { url, id } = await create();
    expect(await put(url, Buffer.alloc(10_000_001))).toEqual({ status: 413, code: 'body_too_large' });
    expect(await put(url.replace(id, 'upl_01ARZ3NDEKTSV4RRFFQ69G5FAV'), png)).toMatchObject({ status: 403 });
    expect(await put(url.replace(/signature=.*/, 'signature=x'), png)).toMatchObject({ code: 'file_url_refused' });
    expect((await fetch(url)).status).toBe(403);
  });
});
