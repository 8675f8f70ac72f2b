import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { bilinear, lanczos, resample } from './resample.js';

const image = { width: 12, height: 8, pixels: Uint8Array.from({ length: 12 * 8 * 3 }, (_, i) => i * 37) };
const digest = (pixels: Uint8Array) => createHash('sha256').update(pixels).digest('hex').slice(0, 16);

// Made with Pillow 12's Image.resize and torchvision 0.29's resize of the same image.
describe('resample', () => {
  it('gives Pillow’s LANCZOS pixels, made smaller and larger', () => {
    const { pixels } = resample(image, 5, 3, lanczos);
    expect([...pixels.subarray(0, 9)]).toEqual([101, 125, 140, 139, 116, 127, 110, 142, 121]);
    expect(digest(pixels)).toBe('758d2e9a1e1b52b8');
    expect(digest(resample(image, 14, 9, lanczos).pixels)).toBe('1c4f2c63894812c0');
  });

  it('gives torch’s antialiased bilinear pixels, made smaller and larger', () => {
    const { pixels } = resample(image, 5, 3, bilinear);
    expect([...pixels.subarray(0, 9)]).toEqual([106, 127, 138, 132, 119, 133, 116, 136, 121]);
    expect(digest(pixels)).toBe('177ce4bf0378a0b8');
    expect(digest(resample(image, 14, 9, bilinear).pixels)).toBe('3a974b631adb3130');
  });

  it('leaves an image of the wanted size as it is', () => {
    expect(resample(image, 12, 8, lanczos).pixels).toEqual(image.pixels);
  });
});
