import { beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { openStorage } from '@app/common/storage/open-storage.js';
import { signingKey, useApi } from '../support/api.js';
import { HandWorker } from '../support/hand-worker.js';

const { api, redisUrl, atEnd } = await useApi();

type StreamEvent = OpenAI.Images.ImageGenStreamEvent | OpenAI.Images.ImageEditStreamEvent;

let worker: HandWorker;
let client: OpenAI;

beforeAll(async () => {
  const storage = openStorage(api.storageUrl, { publicUrl: api.url, signingKey });
  worker = HandWorker.start(redisUrl, storage, 'z-image-nano-turbo');
  client = new OpenAI({ apiKey: await api.keyOf({ tenant: 'acme' }), baseURL: `${api.url}/v1`, logLevel: 'off' });
  atEnd(() => worker.stop());
});

/** Extra fields are none that the client's types know. */
const generated = async (fields: object): Promise<StreamEvent[]> => {
  const stream = await client.images.generate({ prompt: 'x', stream: true, ...fields });
  return collect(stream);
};
const collect = async (stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> => {
  const events: StreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
};
const told = (events: readonly StreamEvent[]): [string, number | undefined][] =>
  events.map((event) => [event.type, 'partial_image_index' in event ? event.partial_image_index : undefined]);

describe('partial images', () => {
  it('come before the image, in its format and size, with all fields that OpenAI names', async () => {
    const events = await generated({ partial_images: 2, size: '256x128', output_format: 'webp' });
    expect(told(events)).toEqual([
      ['image_generation.partial_image', 0],
      ['image_generation.partial_image', 1],
      ['image_generation.completed', undefined],
    ]);
    for (const event of events) {
      const shared = { size: '256x128', quality: 'auto', background: 'opaque', output_format: 'webp' };
      expect(event).toMatchObject({ ...shared, created_at: expect.any(Number) });
      const picture = await sharp(Buffer.from(event.b64_json, 'base64')).metadata();
      expect(picture).toMatchObject({ format: 'webp', width: 256, height: 128 });
    }
    const names = ['b64_json', 'background', 'created_at', 'output_format', 'quality', 'size', 'type'];
    expect(Object.keys(events[0]!).sort()).toEqual([...names, 'partial_image_index'].sort());
    expect(Object.keys(events[2]!).sort()).toEqual([...names, 'usage'].sort());
  });

  it.each([
    [0, 8, 0],
    [1, 8, 1],
    [3, 8, 3],
    [3, 2, 1],
    [3, 9, 2],
    [2, 1, 0],
  ])('asked for %i times in %i steps come %i times', async (partial_images, steps, count) => {
    const events = await generated({ partial_images, steps });
    expect(events).toHaveLength(count + 1);
  });

  it('are counted for each image of several', async () => {
    const events = await generated({ partial_images: 2, n: 2 });
    const partial = told(events).filter(([type]) => type === 'image_generation.partial_image');
    expect(partial.map(([, index]) => index)).toEqual([0, 0, 1, 1]);
    expect(events.slice(4).map(({ type }) => type)).toEqual(Array(2).fill('image_generation.completed'));
  });

  it('come of edits too, as events of their own name', async () => {
    const square = { width: 128, height: 128, channels: 4 as const };
    const image = await sharp({ create: { ...square, background: 'red' } })
      .png()
      .toBuffer();
    const mask = await sharp({ create: { ...square, background: '#0000' } })
      .png()
      .toBuffer();
    const files = [image, mask].map((bytes) => toFile(bytes, 'a.png', { type: 'image/png' }));
    const [imageFile, maskFile] = await Promise.all(files);
    const edit = { prompt: 'x', image: imageFile!, mask: maskFile!, stream: true, partial_images: 1 } as const;
    expect(told(await collect(await client.images.edit(edit)))).toEqual([
      ['image_edit.partial_image', 0],
      ['image_edit.completed', undefined],
    ]);
  });

  it('are not made where nothing is streamed, and are at most three', async () => {
    const answer = await client.images.generate({ prompt: 'at rest', partial_images: 3 });
    expect(answer.data).toHaveLength(1);
    await expect(generated({ partial_images: 4 })).rejects.toMatchObject({ status: 400, param: 'partial_images' });
  });
});
