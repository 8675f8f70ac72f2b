import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { lanczosResize } from './lanczos-resize.js';

const image = { width: 20, height: 12, pixels: Uint8Array.from({ length: 20 * 12 * 3 }, (_, i) => (i * 37) % 251) };

describe('lanczosResize', () => {
  // Expected: the same pixels through Pillow's Image.resize(size, Image.LANCZOS).
  it.each([
    [5, 3, [123, 127, 118, 118, 120, 124], 'fee4fa757235346bdaa8e6cb872d59b8e6c38bb8fda5f423f40d1b982c1d9cd8'],
    [7, 30, [97, 52, 124, 153, 144, 87], '788d42b369f1445c1da8f430774efd2a20cf63ba7b0f8b461f7cece6c5be08c5'],
    [20, 5, [130, 165, 94, 70, 103, 156], 'd92a3120f6942ca9ae4c8fff87cede78ed8135f438359b84aa6f3206d02e5ad8'],
    [30, 12, [0, 23, 60, 36, 103, 140], '004d0991e37a3acab8d082610bb0f57d29a6ff9a095f2f97f8350064a63e9f00'],
  ])('makes Pillow’s pixels at %i × %i', (width, height, start, sha256) => {
    const resized = lanczosResize(image, { width, height });
    expect(resized).toMatchObject({ width, height });
    expect(Array.from(resized.pixels.subarray(0, 6))).toEqual(start);
    expect(createHash('sha256').update(resized.pixels).digest('hex')).toBe(sha256);
  });

  it('leaves an image of the right size as it is', () => {
    expect(lanczosResize(image, { width: 20, height: 12 })).toEqual(image);
  });
});
