import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { Embedded } from '../support/embedded.js';
import { psnr } from '../support/psnr.js';

const model = 'z-image-nano-turbo';

describe("OpenAI's own client", () => {
  let service: Embedded;
  let client: OpenAI;
  const clientWith = (options: { timeout?: number; maxRetries?: number }): OpenAI =>
    new OpenAI({ apiKey: service.summary.apiKey, baseURL: `${service.summary.url}/v1`, logLevel: 'off', ...options });
  const bytesOf = (image: { b64_json?: string }): Buffer => Buffer.from(image.b64_json!, 'base64');

  beforeAll(async () => {
    service = await Embedded.start({ workers: model });
    client = clientWith({});
  });
  afterAll(() => service.stop());

  it('gets the images that the native route makes, as base64', async () => {
    const extra = { seed: 7 } as object;
    const answer = await client.images.generate({ model, prompt: 'fox', n: 2, size: '256x256', ...extra });
    expect(answer).toMatchObject({ size: '256x256', output_format: 'png', background: 'opaque' });
    expect(Math.abs(answer.created - Date.now() / 1000)).toBeLessThan(60);
    expect(answer.usage).toMatchObject({ input_tokens: 0, output_tokens: 512, total_tokens: 512 });
    const images = answer.data!.map(bytesOf);
    const native = await service.finished((await service.generate({ prompt: 'fox', n: 2, seed: 7 })).id);
    expect(images).toHaveLength(2);
    for (const [i, image] of images.entries()) {
      expect(await psnr(image, await service.image(native, i))).toBeGreaterThanOrEqual(50);
    }
  });

  it('gets URLs, and JPEG where it asks for it', async () => {
    const wanted = { response_format: 'url', output_format: 'jpeg', output_compression: 80 } as const;
    const answer = await client.images.generate({ model: 'dall-e-3', prompt: 'sun', ...wanted });
    const [image] = answer.data!;
    expect(image!.b64_json).toBeUndefined();
    const bytes = Buffer.from(await (await fetch(image!.url!)).arrayBuffer());
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 256, height: 256 });
  });

  it('edits what its mask leaves transparent, and nothing else', async () => {
    const size = { width: 256, height: 256 };
    const red = await sharp({ create: { ...size, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    // The left half is transparent.
    const mask = await sharp({ create: { width: 128, height: 256, channels: 4, background: '#0000' } })
      .extend({ right: 128, background: '#000f' })
      .png()
      .toBuffer();
    const answer = await client.images.edit({
      prompt: 'fox',
      image: await toFile(red, 'red.png', { type: 'image/png' }),
      mask: await toFile(mask, 'mask.png', { type: 'image/png' }),
    });
    const half = (left: number, bytes: Buffer): Promise<Buffer> =>
      sharp(bytes).extract({ left, top: 0, width: 96, height: 256 }).png().toBuffer();
    const made = bytesOf(answer.data![0]!);
    const [kept, anew] = await Promise.all(
      [160, 0].map(async (left) => psnr(await half(left, made), await half(left, red))),
    );
    expect(kept).toBeGreaterThan(anew! + 6);
  });

  it('streams a completed event for each image', async () => {
    const types: string[] = [];
    for await (const event of await client.images.generate({ model, prompt: 'sun', n: 2, stream: true })) {
      types.push(event.type);
      expect(event).toMatchObject({ size: '256x256', quality: 'auto', usage: { output_tokens: 512 } });
      expect(await sharp(bytesOf(event)).metadata()).toMatchObject({ format: 'png', width: 256 });
    }
    expect(types).toEqual(['image_generation.completed', 'image_generation.completed']);
  });

  it('streams the image on its way: each partial image is nearer to it', async () => {
    const wanted = { model, prompt: 'red apple', stream: true, partial_images: 3, output_format: 'webp' } as const;
    const extra = { steps: 20, seed: 3 } as object;
    const pictures: Buffer[] = [];
    for await (const event of await client.images.generate({ ...wanted, ...extra })) {
      expect(event.type).toBe(`image_generation.${event.type.endsWith('completed') ? 'completed' : 'partial_image'}`);
      if ('partial_image_index' in event) expect(event.partial_image_index).toBe(pictures.length);
      pictures.push(bytesOf(event));
      expect(await sharp(bytesOf(event)).metadata()).toMatchObject({ format: 'webp', width: 256 });
    }
    // A busy machine may leave some out, never all.
    expect(pictures.length).toBeGreaterThan(1);
    const finished = pictures.at(-1)!;
    const distances = await Promise.all(pictures.slice(0, -1).map((picture) => psnr(picture, finished)));
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
  });

  it('gives up and tries again by itself, and has one job made', async () => {
    const long = { prompt: 'guitar', size: '512x512', steps: 20 } as const;
    const hasty = clientWith({ timeout: 1_000, maxRetries: 40 });
    const answer = await hasty.images.generate(long);
    expect(await sharp(bytesOf(answer.data![0]!)).metadata()).toMatchObject({ width: 512 });
    const { jobs } = (await (await service.fetch('/v1/jobs?limit=100')).json()) as {
      jobs: { attempts: number; request: { prompt: string } }[];
    };
    expect(jobs.filter(({ request }) => request.prompt === 'guitar')).toMatchObject([{ attempts: 1 }]);
  });
});
