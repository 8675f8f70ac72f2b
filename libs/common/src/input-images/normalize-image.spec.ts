import { describe, expect, it } from '@jest/globals';
import sharp, { type Color } from 'sharp';
import { normalizeImage } from './normalize-image.js';

const red = { r: 255, g: 0, b: 0 };
const canvas = (width = 32, height = 16, background: Color = red) =>
  sharp({ create: { width, height, channels: 4, background } });
const pixelOf = async (png: Uint8Array): Promise<number[]> => [...(await sharp(png).raw().toBuffer()).subarray(0, 3)];

describe('normalizeImage', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('writes %s anew as PNG', async (format) => {
    const image = await normalizeImage(await canvas().toFormat(format).toBuffer(), 'image');
    expect(image).toMatchObject({ width: 32, height: 16, bytes: image.png.length });
    expect(image.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await sharp(image.png).metadata()).toMatchObject({ format: 'png', width: 32, channels: 3 });
  });

  it('turns as EXIF says, and keeps none of it, nor what follows the end of the file', async () => {
    const exif = { IFD0: { Copyright: 'secret-owner' } };
    const turned = await canvas().jpeg().withExif(exif).withMetadata({ orientation: 6 }).toBuffer();
    const polyglot = Buffer.concat([turned, Buffer.from('<script>alert(1)</script>')]);
    const { png, width, height } = await normalizeImage(polyglot, 'image');
    expect([width, height]).toEqual([16, 32]);
    const metadata = await sharp(png).metadata();
    expect([metadata.exif, metadata.icc, metadata.comments]).toEqual([undefined, undefined, undefined]);
    expect(Buffer.from(png).toString('latin1')).not.toMatch(/secret-owner|script/);
  });

  it('makes 8-bit RGB of CMYK, grey and 16 bits, and white of what is transparent', async () => {
    const cmyk = await canvas().removeAlpha().toColourspace('cmyk').jpeg().toBuffer();
    const grey = await canvas().toColourspace('b-w').png().toBuffer();
    const deep = await canvas().toColourspace('rgb16').png().toBuffer();
    for (const file of [cmyk, grey, deep]) {
      const { png } = await normalizeImage(file, 'image');
      expect(await sharp(png).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar', channels: 3 });
    }
    const clear = await canvas(8, 8, { ...red, alpha: 0 })
      .png()
      .toBuffer();
    expect(await pixelOf((await normalizeImage(clear, 'image')).png)).toEqual([255, 255, 255]);
  });

  it('reads a mask by its brightness, or by what is transparent', async () => {
    const white = await canvas(8, 8, 'white').png().toBuffer();
    expect((await pixelOf((await normalizeImage(white, 'mask')).png))[0]).toBe(255);
    const clear = await canvas(8, 8, { ...red, alpha: 0 })
      .png()
      .toBuffer();
    const mask = await normalizeImage(clear, 'alpha-mask');
    expect((await pixelOf(mask.png))[0]).toBe(255);
    expect(await sharp(mask.png).metadata()).toMatchObject({ channels: 1 });
    const opaque = await canvas().removeAlpha().png().toBuffer();
    await expect(normalizeImage(opaque, 'alpha-mask')).rejects.toMatchObject({ code: 'image_invalid' });
  });

  it('gives the same bytes for the same pixels', async () => {
    const [first, second] = await Promise.all(
      [1, 9].map(async (compressionLevel) =>
        normalizeImage(await canvas().png({ compressionLevel }).toBuffer(), 'image'),
      ),
    );
    expect(first!.sha256).toBe(second!.sha256);
  });

  it.each<[string, () => Promise<Buffer> | Buffer, string]>([
    ['nothing', () => Buffer.alloc(0), 'image_type_unsupported'],
    ['a GIF', () => canvas().gif().toBuffer(), 'image_type_unsupported'],
    ['an AVIF', () => canvas().avif().toBuffer(), 'image_type_unsupported'],
    [
      'an SVG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'image_type_unsupported',
    ],
    ['a TIFF', () => canvas().tiff().toBuffer(), 'image_type_unsupported'],
    ['a PDF', () => Buffer.from('%PDF-1.7'), 'image_type_unsupported'],
    ['a PNG signature before an SVG', () => Buffer.from('\x89PNG\r\n\x1a\n<svg/>', 'latin1'), 'image_invalid'],
    ['half a PNG', async () => (await noise()).subarray(0, 3000), 'image_invalid'],
    [
      'half a JPEG',
      async () =>
        (
          await sharp(await noise())
            .jpeg()
            .toBuffer()
        ).subarray(0, 900),
      'image_invalid',
    ],
    [
      'half a WebP',
      async () =>
        (
          await sharp(await noise())
            .webp()
            .toBuffer()
        ).subarray(0, 900),
      'image_invalid',
    ],
    ['an animated WebP', () => animated(), 'image_invalid'],
    [
      'an animated PNG',
      async () => withChunk(await canvas().png().toBuffer(), 'acTL', Buffer.alloc(8)),
      'image_invalid',
    ],
    [
      'a PNG that claims 60,000 × 60,000 px',
      async () => claiming(await canvas().png().toBuffer(), 60_000),
      'image_too_large',
    ],
    ['17 megapixels of one colour', () => canvas(4200, 4100).png().toBuffer(), 'image_too_large'],
    ['more bytes than it may have', () => Buffer.alloc(10_000_001), 'image_too_large'],
  ])('refuses %s', async (_case, file, code) => {
    await expect(normalizeImage(await file(), 'image')).rejects.toMatchObject({ code });
  });

  it('holds the memory of many large images at once within bounds', async () => {
    const bomb = await canvas(4000, 4000).png({ compressionLevel: 9 }).toBuffer();
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
    const images = await Promise.all(Array.from({ length: 40 }, () => normalizeImage(bomb, 'image')));
    clearInterval(watch);
    expect(images.every(({ width }) => width === 4000)).toBe(true);
    // Forty decoded at once would be 2.5 GB.
    expect(peak - before).toBeLessThan(500_000_000);
  });
});

const noise = (): Promise<Buffer> =>
  sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: 'red',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer();

const animated = async (): Promise<Buffer> => {
  const frames = await Promise.all(['red', 'blue'].map((colour) => canvas(8, 8, colour).png().toBuffer()));
  return sharp(frames, { join: { animated: true } })
    .webp()
    .toBuffer();
};

/** Puts a chunk, its CRC left at 0, behind a PNG's header. */
function withChunk(png: Buffer, type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([png.subarray(0, 33), length, Buffer.from(type), data, Buffer.alloc(4), png.subarray(33)]);
}

/** A PNG whose header speaks of a square with this side. */
function claiming(png: Buffer, side: number): Buffer {
  const file = Buffer.from(png);
  file.writeUInt32BE(side, 16);
  file.writeUInt32BE(side, 20);
  return file;
}
