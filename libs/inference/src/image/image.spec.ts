import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Tensor } from '../tensor/tensor.js';
import { encodeImage } from './encode-image.js';
import { toPixels } from './pixels.js';

const gradient = {
  width: 32,
  height: 16,
  pixels: Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => (i * 7) % 256),
};
const parameters = { prompt: '火箭 “rocket”', seed: '42' };

describe('toPixels', () => {
  it('maps [-1, 1] to 0–255, clamps, interleaves channels and rounds halves to even', () => {
    // Columns: −1, 1 · red, below and above range · green, exact halves · blue.
    const half = (level: number): number => (level / 255) * 2 - 1;
    const image = new Tensor(Float32Array.of(-1, 1, -3, 3, half(10), half(20)), [3, 1, 2]);
    expect(toPixels(image)).toEqual({ width: 2, height: 1, pixels: Uint8Array.of(0, 0, 10, 255, 255, 20) });
    expect(toPixels(Tensor.filled([3, 1, 1], 0)).pixels).toEqual(Uint8Array.of(128, 128, 128));
  });
});

describe('encodeImage', () => {
  it('keeps every pixel in a PNG and carries the parameters as text', async () => {
    const png = await encodeImage(gradient, { format: 'png', parameters });
    expect(new Uint8Array(await sharp(png).raw().toBuffer())).toEqual(gradient.pixels);
    const { comments } = await sharp(png).metadata();
    expect(comments).toEqual([
      { keyword: 'prompt', text: parameters.prompt },
      { keyword: 'seed', text: '42' },
    ]);
  });

  it('puts a string under the key parameters, and nothing without one', async () => {
    const png = await encodeImage(gradient, { format: 'png', parameters: 'red apple' });
    expect((await sharp(png).metadata()).comments).toEqual([{ keyword: 'parameters', text: 'red apple' }]);
    expect((await sharp(await encodeImage(gradient, { format: 'png' })).metadata()).comments).toBeUndefined();
  });

  it.each(['jpeg', 'webp'] as const)('writes %s with the parameters in EXIF', async (format) => {
    const file = await encodeImage(gradient, { format, quality: 95, parameters });
    const metadata = await sharp(file).metadata();
    expect(metadata).toMatchObject({ format, width: 32, height: 16 });
    const exif = metadata.exif!.toString('latin1');
    const json = /\{.*\}/.exec(exif)![0];
    expect(JSON.parse(json)).toEqual(parameters);
  });

  it('obeys quality', async () => {
    const [low, high] = await Promise.all(
      [20, 95].map((quality) => encodeImage(gradient, { format: 'jpeg', quality })),
    );
    expect(low!.length).toBeLessThan(high!.length);
  });
});
