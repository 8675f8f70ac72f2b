import { beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { TestApi, useApi } from '../support/api.js';
import { catalogWithEdits, editModel } from '../support/catalogs.js';
import { eventually } from '../support/eventually.js';

const MODELS_FILE = catalogWithEdits();
const { api, redisUrl } = await useApi({ OPENAI_WAIT_S: '1', MODELS_FILE });

let key: string;
let client: OpenAI;
let opaque: File;
let holed: File;

const picture = async (alpha: number): Promise<File> => {
  const background = { r: 255, g: 0, b: 0, alpha };
  const image = sharp({ create: { width: 128, height: 128, channels: alpha === 1 ? 3 : 4, background } });
  return toFile(await image.png().toBuffer(), 'picture.png', { type: 'image/png' });
};
const clientOf = (apiKey: string, maxRetries = 0): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${api.url}/v1`, maxRetries, logLevel: 'off' });
const jobsOf = async (prompt: string): Promise<JobDocument[]> => {
  const { json } = await api.call('/v1/jobs?limit=100', { key });
  const jobs = (json as { jobs: unknown[] }).jobs.map((job) => JobDocument.parse(job));
  return jobs.filter(({ request }) => request.prompt === prompt);
};
/** What the client raises. No worker runs, so a call that is accepted waits until its time is up. */
const refusal = async (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OpenAI.APIError);
  return error as InstanceType<typeof OpenAI.APIError>;
};
/** A field that the client's types do not know. */
const generate = (fields: object, from = client) =>
  from.images.generate({ prompt: 'x', ...fields } as OpenAI.Images.ImageGenerateParamsNonStreaming);

beforeAll(async () => {
  key = await api.keyOf({ tenant: 'acme' });
  client = clientOf(key);
  [opaque, holed] = await Promise.all([picture(1), picture(0)]);
});

describe('the OpenAI routes', () => {
  it.each([
    [{ prompt: ' ' }, 'validation_failed', 'prompt'],
    [{ size: '1000' }, 'validation_failed', 'size'],
    [{ size: '4096x4096' }, 'limit_exceeded', 'size'],
    [{ n: 99 }, 'limit_exceeded', 'n'],
    [{ model: 'sdxl' }, 'model_unknown', 'model'],
    [{ background: 'transparent' }, 'validation_failed', 'background'],
    [{ output_compression: 50 }, 'validation_failed', 'output_compression'],
    [{ sampler: 'euler' }, 'validation_failed', 'sampler'],
  ])('refuse %j by the name of its field', async (fields, code, param) => {
    const error = await refusal(generate(fields));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, code, param, type: 'invalid_request_error' });
    expect(error.requestID).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('tell a wrong key, and what is no path or no JSON, in the same form', async () => {
    const error = await refusal(generate({}, clientOf('zq_wrong')));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ code: 'unauthenticated', type: 'authentication_error', param: null });
    const nowhere = await api.call('/v1/images/variations', { method: 'POST', key, body: {} });
    expect([nowhere.status, nowhere.json]).toMatchObject([404, { error: { code: 'not_found' } }]);
    const broken = await api.call('/v1/images/generations', { method: 'POST', key, body: '{' });
    expect([broken.status, broken.json]).toMatchObject([400, { error: { code: 'invalid_json' } }]);
  });

  it('map what OpenAI names onto the default model, and nulls onto nothing', async () => {
    const wanted = { prompt: 'mapped', model: 'gpt-image-1', size: '128x64', n: null, seed: 3, steps: 2 };
    const format = { output_format: 'webp', output_compression: 0, quality: 'high', user: 'u-1' };
    await refusal(generate({ ...wanted, ...format }));
    const [job] = await jobsOf('mapped');
    expect(job!.model).toBe('z-image-nano-turbo');
    const output = { format: 'webp', quality: 1 };
    expect(job!.request).toMatchObject({ width: 128, height: 64, n: 1, seed: 3, steps: 2, output });
  });

  it('edit with the model for edits, and inpaint where a mask is transparent', async () => {
    await refusal(client.images.edit({ prompt: 'two', image: [opaque, holed], model: 'dall-e-2' }));
    expect((await jobsOf('two'))[0]).toMatchObject({ kind: 'edit', model: editModel });
    expect((await jobsOf('two'))[0]!.request.images).toHaveLength(2);
    await refusal(client.images.edit({ prompt: 'hole', image: opaque, mask: holed, size: 'auto' }));
    const [job] = await jobsOf('hole');
    expect(job).toMatchObject({ kind: 'generation', model: 'z-image-nano-turbo' });
    expect(job!.request).toMatchObject({ width: 128, height: 128, strength: 1, mask: { width: 128 } });
  });

  it('refuse edits that cannot be made, by field, and make no job of them', async () => {
    const edit = (fields: object) =>
      refusal(client.images.edit({ prompt: 'bad edit', image: opaque, ...fields } as OpenAI.Images.ImageEditParams));
    expect(await edit({ mask: opaque })).toMatchObject({ status: 400, code: 'image_invalid', param: 'mask' });
    expect(await edit({ image: [opaque, opaque], mask: holed })).toMatchObject({ status: 400, param: 'mask' });
    expect(await edit({ model: 'z-image-nano' })).toMatchObject({ status: 400, code: 'kind_not_served' });
    const text = await toFile(Buffer.from('no image'), 'a.png');
    expect(await edit({ image: text })).toMatchObject({
      status: 415,
      code: 'image_type_unsupported',
      param: 'images[0]',
    });
    expect(await jobsOf('bad edit')).toEqual([]);
  });

  it('end the wait with 504, which the client does not repeat; the job goes on', async () => {
    const error = await refusal(generate({ prompt: 'slow' }, clientOf(key, 2)));
    expect(error).toMatchObject({ status: 504, code: 'job_unfinished', type: 'server_error' });
    const jobs = await jobsOf('slow');
    expect(jobs).toMatchObject([{ state: 'queued' }]);
    expect(error.headers!.get('location')).toBe(`/v1/jobs/${jobs[0]!.id}`);
  });

  it("find the job again for the client's own retry, and make a new one for a new call", async () => {
    const patient = new OpenAI({ apiKey: key, baseURL: `${api.url}/v1`, maxRetries: 1, timeout: 400, logLevel: 'off' });
    for (const calls of [1, 2]) {
      await expect(generate({ prompt: 'again' }, patient)).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
      // A busy machine may accept it after the client has given up.
      await eventually(async () => (await jobsOf('again')).length >= calls);
      expect(await jobsOf('again')).toHaveLength(calls);
    }
  });

  it('tell of a job that was canceled meanwhile, in a stream too', async () => {
    const patient = await TestApi.start(redisUrl, { MODELS_FILE });
    const follower = new OpenAI({ apiKey: key, baseURL: `${patient.url}/v1`, maxRetries: 0, logLevel: 'off' });
    const stream = await follower.images.generate({ prompt: 'streamed', stream: true });
    const [job] = await jobsOf('streamed');
    await api.call(`/v1/jobs/${job!.id}/cancel`, { method: 'POST', key });
    const events: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const event of stream) events.push(event);
    };
    expect(await refusal(read())).toMatchObject({ code: 'job_canceled' });
    expect(events).toEqual([]);
    await patient.stop();
  });

  it('do not let the client sleep until the quota of the next day', async () => {
    const poor = await api.keyOf({ tenant: 'poor', limits: { gpuSecondsPerDay: 0.001 } });
    const error = await refusal(generate({}, clientOf(poor, 2)));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ code: 'quota_exceeded', type: 'rate_limit_error' });
  });
});
