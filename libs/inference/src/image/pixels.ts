import type { Tensor } from '../tensor/tensor.js';

/** An RGB image, 8 bit, row by row: width × height × 3. */
export interface RgbImage {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** Turns the decoder's [3, H, W] in [−1, 1] into pixels, rounded as diffusers' VaeImageProcessor does. */
export function toPixels(image: Tensor): RgbImage {
  const [, height = 0, width = 0] = image.dims;
  const area = width * height;
  // Clamps what it is given, and rounds it as NumPy does: halves go to the even neighbour.
  const pixels = new Uint8ClampedArray(area * 3);
  for (let channel = 0; channel < 3; channel++) {
    const plane = image.data.subarray(channel * area, (channel + 1) * area);
    for (let i = 0; i < area; i++) pixels[i * 3 + channel] = Math.fround(Math.fround((plane[i] ?? 0) / 2 + 0.5) * 255);
  }
  return { width, height, pixels: new Uint8Array(pixels.buffer) };
}
