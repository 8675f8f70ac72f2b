import { z } from 'zod';
import { Tensor } from '../tensor/tensor.js';
import type { RgbImage } from './pixels.js';
import { bilinear, resample } from './resample.js';

/** Of Pillow's resampling filters, by their numbers. */
const bilinearNumber = 2;
const perChannel = z.tuple([z.number(), z.number(), z.number()]);

/** transformers' Siglip2ImageProcessor: what its preprocessor_config.json may say and this implementation can do. */
export const naFlexConfig = z
  .object({
    do_normalize: z.literal(true).default(true),
    do_rescale: z.literal(true).default(true),
    do_resize: z.literal(true).default(true),
    image_mean: perChannel.default([0.5, 0.5, 0.5]),
    image_std: perChannel.default([0.5, 0.5, 0.5]).refine((std) => std.every((each) => each > 0), 'must be positive'),
    max_num_patches: z.int().positive().max(16_384).default(256),
    patch_size: z.int().positive().max(256).default(16),
    resample: z.literal(bilinearNumber).default(bilinearNumber),
    rescale_factor: z
      .number()
      .positive()
      .default(1 / 255),
  })
  .transform((config) => ({
    maxPatches: config.max_num_patches,
    patchSize: config.patch_size,
    /** In pixel values: the rescaling is part of them. */
    mean: config.image_mean.map((mean) => Math.fround(mean / config.rescale_factor)),
    deviation: config.image_std.map((std) => Math.fround(std / config.rescale_factor)),
  }));

export type NaFlexConfig = z.output<typeof naFlexConfig>;

/** An image cut into patches, row by row. */
export interface ImagePatches {
  /** [maxPatches, patchSize² · 3], in (row, column, channel) order; zeros behind the image's own patches. */
  patches: Tensor;
  /** Patches down and across. */
  rows: number;
  columns: number;
}

/**
 * Resizes an image to as many whole patches as are allowed, about in its own proportions, normalises it and cuts it up.
 * Source: transformers models/siglip2/image_processing_siglip2.py.
 */
export function naFlexPatches(image: RgbImage, { maxPatches, patchSize, mean, deviation }: NaFlexConfig): ImagePatches {
  const { rows, columns } = patchGrid(image, patchSize, maxPatches);
  const { width, pixels } = resample(image, columns * patchSize, rows * patchSize, bilinear);
  const patchWidth = patchSize * patchSize * 3;
  const data = new Float32Array(maxPatches * patchWidth);
  let at = 0;
  for (let patch = 0; patch < rows * columns; patch++) {
    const top = Math.floor(patch / columns) * patchSize;
    const left = (patch % columns) * patchSize;
    for (let row = top; row < top + patchSize; row++) {
      const start = (row * width + left) * 3;
      for (const [i, value] of pixels.subarray(start, start + patchSize * 3).entries()) {
        data[at++] = (value - (mean[i % 3] ?? 0)) / (deviation[i % 3] ?? 1);
      }
    }
  }
  return { patches: new Tensor(data, [maxPatches, patchWidth]), rows, columns };
}

/** The largest scale, by bisection, at which the image rounded up to whole patches has no more than are allowed. */
function patchGrid(
  { width, height }: RgbImage,
  patchSize: number,
  maxPatches: number,
): { rows: number; columns: number } {
  const precision = 1e-5;
  const gridAt = (scale: number) => ({
    rows: Math.max(1, Math.ceil((height * scale) / patchSize)),
    columns: Math.max(1, Math.ceil((width * scale) / patchSize)),
  });
  let [low, high] = [precision / 10, 100];
  while (high - low >= precision) {
    const middle = (low + high) / 2;
    const { rows, columns } = gridAt(middle);
    if (rows * columns <= maxPatches) low = middle;
    else high = middle;
  }
  return gridAt(low);
}
