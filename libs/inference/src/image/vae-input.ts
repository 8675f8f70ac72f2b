import { Tensor } from '../tensor/tensor.js';
import type { RgbImage } from './pixels.js';

/** Pixels as the autoencoder takes them: [3, H, W] in [−1, 1], with the float32 roundings of diffusers' VaeImageProcessor. */
export function toVaeInput({ width, height, pixels }: RgbImage): Tensor {
  const area = width * height;
  const data = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < area; i++) data[channel * area + i] = 2 * Math.fround((pixels[i * 3 + channel] ?? 0) / 255) - 1;
  }
  return new Tensor(data, [3, height, width]);
}

/**
 * A mask for latents, [H / scale, W / scale]: 1 where the image is to be made anew, 0 where it is kept. Of each square of
 * pixels the upper left one counts (torch's nearest interpolation); it is white from grey level 128 on, with Pillow's weights
 * of red, green and blue (libImaging/Convert.c).
 * Source: diffusers' mask processor (grayscale, binarised at 0.5) and ZImageInpaintPipeline.prepare_mask_latents.
 */
export function toLatentMask({ width, height, pixels }: RgbImage, scale: number): Tensor {
  const [rows, columns] = [height / scale, width / scale];
  const data = Float32Array.from({ length: rows * columns }, (_, i) => {
    const at = 3 * (Math.floor(i / columns) * scale * width + (i % columns) * scale);
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3);
    const grey = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    return grey < 128 ? 0 : 1;
  });
  return new Tensor(data, [rows, columns]);
}
