import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import type { GenerationBody, JobEvent } from '../../clients/typescript/src/index.js';
import { Embedded } from '../support/embedded.js';
import { psnr } from '../support/psnr.js';

let service: Embedded;

beforeAll(async () => {
  service = await Embedded.start();
});
afterAll(() => service.stop());

describe('previews', () => {
  it('come as events with signed URLs before the picture, again after Last-Event-ID', async () => {
    const { id } = await service.generate({ prompt: 'red apple', seed: 3, steps: 20, preview_every: 5 });
    const events: JobEvent[] = [];
    for await (const event of service.client.events(id)) events.push(event);
    const previews = events.filter((event) => event.type === 'preview');
    const steps = previews.map(({ data }) => data.step);
    // A busy machine may leave some out, never all.
    expect(steps.length).toBeGreaterThan(0);
    expect([5, 10, 15]).toEqual(expect.arrayContaining(steps));
    for (const { data } of previews) {
      const response = await fetch(data.url);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      const { format, width, height } = await sharp(await response.arrayBuffer()).metadata();
      expect({ format, width, height }).toEqual({ format: 'jpeg', width: data.width, height: data.height });
    }
    expect(events.at(-1)).toMatchObject({ type: 'result', data: { state: 'succeeded' } });
    expect(service.objects(id)).toHaveLength(1 + previews.length);

    const before = events[events.findIndex(({ type }) => type === 'preview') - 1]!;
    const rest = await service.fetch(`/v1/jobs/${id}/events`, { headers: { 'last-event-id': before.id } });
    const ids = [...(await rest.text()).matchAll(/^id: (\S+)\nevent: preview$/gm)].map(([, eventId]) => eventId);
    expect(ids).toEqual(previews.map((preview) => preview.id));
  });
});

describe('from a picture', () => {
  const dataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;
  const made = async (body: GenerationBody): Promise<Buffer> => {
    const job = await service.finished((await service.generate({ seed: 5, ...body })).id);
    expect(job).toMatchObject({ state: 'succeeded', request: { width: 256, height: 256 } });
    return service.image(job);
  };
  const half = (png: Buffer, left: number): Promise<Buffer> =>
    sharp(png).extract({ left, top: 0, width: 96, height: 256 }).png().toBuffer();
  let input: Buffer;
  let fromPrompt: Buffer;

  beforeAll(async () => {
    [input, fromPrompt] = await Promise.all([made({ prompt: 'red apple' }), made({ prompt: 'banana' })]);
  });

  it('makes another one: neither the input nor what the prompt alone gives', async () => {
    const picture = await made({ prompt: 'banana', image: dataUrl(input), strength: 0.6 });
    expect(await psnr(picture, fromPrompt)).toBeLessThan(30);
    expect(await psnr(picture, input)).toBeLessThan(30);
    // With little strength it stays near the input.
    const near = await made({ prompt: 'banana', image: dataUrl(input), strength: 0.2 });
    expect(await psnr(near, input)).toBeGreaterThan(await psnr(picture, input));
  });

  it('edits it by an instruction, named by the id that it was uploaded under', async () => {
    const { data: upload } = await service.client.http.POST('/v1/uploads');
    const put = await fetch(upload!.url, {
      method: upload!.method,
      headers: upload!.headers,
      body: new Uint8Array(input),
    });
    expect(put.status).toBe(200);
    const body = { prompt: 'make it green', images: [upload!.id], seed: 5, steps: 4 };
    const { data: accepted } = await service.client.http.POST('/v1/edits', { body });
    const job = await service.finished(accepted!.id);
    expect(job).toMatchObject({ state: 'succeeded', kind: 'edit', model: 'z-image-nano-edit' });
    expect(job.request).toMatchObject({ width: 256, height: 256, images: [{ width: 256, height: 256 }] });
    const edited = await service.image(job);
    expect(await sharp(edited).metadata()).toMatchObject({ format: 'png', width: 256, height: 256 });
    expect(await psnr(edited, input)).toBeLessThan(30);
  });

  it('makes the white part of a mask anew and keeps the rest', async () => {
    const white = await sharp({ create: { width: 128, height: 256, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    const mask = await sharp({ create: { width: 256, height: 256, channels: 3, background: 'black' } })
      .composite([{ input: white, left: 0, top: 0 }])
      .png()
      .toBuffer();
    const picture = await made({ prompt: 'banana', image: dataUrl(input), mask: dataUrl(mask) });
    const [renewed, kept] = await Promise.all(
      [0, 160].map(async (left) => psnr(await half(picture, left), await half(input, left))),
    );
    expect(kept).toBeGreaterThan(25);
    expect(renewed).toBeLessThan(20);
  });
});
