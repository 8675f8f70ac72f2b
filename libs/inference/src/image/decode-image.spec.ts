import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { decodeImage, InputImageError } from './decode-image.js';

const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90);
const image = { width: 3, height: 2, pixels };
const source = () => sharp(pixels, { raw: { width: 3, height: 2, channels: 3 } });
const decoded = async (file: Buffer) => {
  const result = await decodeImage(file, 'image');
  return { ...result, pixels: new Uint8Array(result.pixels) };
};

describe('decodeImage', () => {
  it('reads PNG and WebP to the pixel, JPEG to its precision', async () => {
    expect(await decoded(await source().png().toBuffer())).toEqual(image);
    expect(await decoded(await source().webp({ lossless: true }).toBuffer())).toEqual(image);
    const grey = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
      .jpeg()
      .toBuffer();
    expect((await decoded(grey)).pixels).toEqual(new Uint8Array(8 * 8 * 3).fill(128));
  });

  it('ignores alpha, as Pillow’s convert("RGB") does', async () => {
    expect(await decoded(await source().ensureAlpha(0.1).png().toBuffer())).toEqual(image);
  });

  it('makes grey, palette and 16-bit images RGB', async () => {
    const grey = source().toColourspace('b-w');
    expect((await decoded(await grey.png().toBuffer())).pixels).toHaveLength(18);
    expect(await decoded(await source().png({ palette: true, dither: 0 }).toBuffer())).toEqual(image);
    expect(await decoded(await source().toColourspace('rgb16').png().toBuffer())).toEqual(image);
  });

  it('turns an image by its EXIF orientation', async () => {
    const turned = await decoded(await source().withMetadata({ orientation: 6 }).png().toBuffer());
    expect(turned).toMatchObject({ width: 2, height: 3 });
    expect(Array.from(turned.pixels.subarray(0, 6))).toEqual([10, 20, 30, 255, 0, 0]);
  });

  it.each([
    ['no image at all', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['nothing', Buffer.alloc(0)],
  ])('names the image that it cannot read: %s', async (_, file) => {
    await expect(decodeImage(file, 'images[1]')).rejects.toThrow(InputImageError);
    await expect(decodeImage(file, 'images[1]')).rejects.toThrow(/^images\[1\]: /);
  });

  it('refuses a truncated file and another format', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 7) % 256));
    const file = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
    await expect(decodeImage(file.subarray(0, file.length / 2), 'mask')).rejects.toThrow(/^mask: cannot be decoded/);
    const gif = await source().gif().toBuffer();
    await expect(decodeImage(gif, 'mask')).rejects.toThrow('mask: is gif, not PNG, JPEG or WebP');
  });
});
