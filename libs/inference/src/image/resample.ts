import type { RgbImage } from './pixels.js';

/** A separable filter and the fixed-point arithmetic that its reference resizes 8-bit images in. */
export interface ResamplingFilter {
  /** Reach on each side, in pixels of the larger of source and target. */
  support: number;
  weight(distance: number): number;
  /** Bits behind the binary point of a weight, given the largest one. */
  fractionBits(largestWeight: number): number;
}

/** Pillow's Image.LANCZOS: 32-bit weights. Source: Pillow libImaging/Resample.c. */
export const lanczos: ResamplingFilter = {
  support: 3,
  weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0),
  fractionBits: () => 22,
};

/** torch's interpolate with antialias on 8-bit images, as torchvision resizes: 16-bit weights. Source: ATen UpSampleKernel.cpp. */
export const bilinear: ResamplingFilter = {
  support: 1,
  weight: (x) => Math.max(0, 1 - Math.abs(x)),
  fractionBits(largestWeight) {
    let bits = 0;
    while (bits < 22 && Math.floor(0.5 + largestWeight * 2 ** (bits + 1)) < 2 ** 15) bits++;
    return bits;
  },
};

/** Resizes, columns first, then rows; each pass rounds to 8 bits, as the references do. */
export function resample(image: RgbImage, width: number, height: number, filter: ResamplingFilter): RgbImage {
  const narrowed = image.width === width ? image : resampleColumns(image, width, filter);
  return narrowed.height === height ? narrowed : resampleRows(narrowed, height, filter);
}

function resampleColumns({ width: source, height, pixels }: RgbImage, width: number, filter: ResamplingFilter) {
  const { taps, bits } = weightsOf(source, width, filter);
  const resized = new Uint8ClampedArray(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (const [column, { first, weights }] of taps.entries()) {
      for (let channel = 0; channel < 3; channel++) {
        const from = (row * source + first) * 3 + channel;
        resized[(row * width + column) * 3 + channel] = weightedSum(pixels, from, 3, weights, bits);
      }
    }
  }
  return { width, height, pixels: new Uint8Array(resized.buffer) };
}

function resampleRows({ width, height: source, pixels }: RgbImage, height: number, filter: ResamplingFilter) {
  const { taps, bits } = weightsOf(source, height, filter);
  const stride = width * 3;
  const resized = new Uint8ClampedArray(stride * height);
  for (const [row, { first, weights }] of taps.entries()) {
    for (let i = 0; i < stride; i++) {
      resized[row * stride + i] = weightedSum(pixels, first * stride + i, stride, weights, bits);
    }
  }
  return { width, height, pixels: new Uint8Array(resized.buffer) };
}

function weightedSum(pixels: Uint8Array, from: number, stride: number, weights: Int32Array, bits: number): number {
  let sum = 1 << (bits - 1);
  for (let i = 0; i < weights.length; i++) sum += (pixels[from + i * stride] ?? 0) * (weights[i] ?? 0);
  return sum >> bits;
}

/** For each target pixel, the first source pixel that counts and the fixed-point weights from there on. */
function weightsOf(
  source: number,
  target: number,
  filter: ResamplingFilter,
): { taps: { first: number; weights: Int32Array }[]; bits: number } {
  const scale = source / target;
  const filterScale = Math.max(1, scale);
  const support = filter.support * filterScale;
  const exact = Array.from({ length: target }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(source, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, j) => filter.weight((first + j - center + 0.5) / filterScale));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: raw.map((weight) => weight / total) };
  });
  const bits = filter.fractionBits(exact.reduce((most, { weights }) => Math.max(most, ...weights), 0));
  const fixed = (weight: number) => Math.trunc(weight * 2 ** bits + Math.sign(weight) * 0.5);
  return { taps: exact.map(({ first, weights }) => ({ first, weights: Int32Array.from(weights, fixed) })), bits };
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
