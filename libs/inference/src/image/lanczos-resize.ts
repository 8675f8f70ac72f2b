import type { RgbImage } from './pixels.js';

/** Fraction bits of a weight: 8-bit pixels times these still sum inside 32 bits. */
const precisionBits = 22;
const lobes = 3;

/** The pixels one output pixel is made of: `weights[i]` belongs to input `start + i`. */
interface Taps {
  start: number;
  weights: Int32Array;
}

/**
 * An image at another size, as Pillow's `Image.resize(size, Resampling.LANCZOS)` makes it, to the bit: rows first, then
 * columns, in fixed point, with 8-bit pixels in between (libImaging/Resample.c). Pillow 13 takes the columns first for some
 * shapes, which moves some pixels of a picture by one level; libvips differs by several levels where an image shrinks.
 */
export function lanczosResize(image: RgbImage, { width, height }: { width: number; height: number }): RgbImage {
  return resizeHeight(resizeWidth(image, width), height);
}

function resizeWidth(image: RgbImage, width: number): RgbImage {
  if (image.width === width) return image;
  const { height } = image;
  const taps = tapsOf(image.width, width);
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const source = image.pixels.subarray(row * image.width * 3, (row + 1) * image.width * 3);
    for (const [column, { start, weights }] of taps.entries()) {
      let [red, green, blue] = [half, half, half];
      for (let i = 0; i < weights.length; i++) {
        const weight = weights[i] ?? 0;
        const at = (start + i) * 3;
        red += (source[at] ?? 0) * weight;
        green += (source[at + 1] ?? 0) * weight;
        blue += (source[at + 2] ?? 0) * weight;
      }
      const at = (row * width + column) * 3;
      pixels[at] = toByte(red);
      pixels[at + 1] = toByte(green);
      pixels[at + 2] = toByte(blue);
    }
  }
  return { width, height, pixels };
}

function resizeHeight(image: RgbImage, height: number): RgbImage {
  if (image.height === height) return image;
  const { width } = image;
  const stride = width * 3;
  const pixels = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (const [row, { start, weights }] of tapsOf(image.height, height).entries()) {
    sums.fill(half);
    for (const [i, weight] of weights.entries()) {
      const source = image.pixels.subarray((start + i) * stride, (start + i + 1) * stride);
      for (let at = 0; at < stride; at++) sums[at] = (sums[at] ?? 0) + (source[at] ?? 0) * weight;
    }
    for (let at = 0; at < stride; at++) pixels[row * stride + at] = toByte(sums[at] ?? 0);
  }
  return { width, height, pixels };
}

const half = 1 << (precisionBits - 1);
const toByte = (sum: number): number => Math.min(255, Math.max(0, sum >> precisionBits));

function tapsOf(inputs: number, outputs: number): Taps[] {
  const scale = inputs / outputs;
  const filterScale = Math.max(1, scale);
  const reach = lobes * filterScale;
  return Array.from({ length: outputs }, (_, output) => {
    const centre = (output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(inputs, Math.trunc(centre + reach + 0.5));
    const weights = Array.from({ length: end - start }, (_, i) => lanczos((start + i - centre + 0.5) / filterScale));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { start, weights: Int32Array.from(weights, (weight) => toFixedPoint(weight / total)) };
  });
}

function toFixedPoint(weight: number): number {
  const scaled = weight * (1 << precisionBits);
  return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

const lanczos = (x: number): number => (-lobes <= x && x < lobes ? sinc(x) * sinc(x / lobes) : 0);
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
