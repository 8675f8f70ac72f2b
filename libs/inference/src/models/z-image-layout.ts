import { Tensor } from '../tensor/tensor.js';
import type { ZImageConfig } from './z-image-config.js';

/** Captions and images are padded to a multiple of this with learned tokens, which are attended. */
const tokenMultiple = 32;

/** Where a token sits: sequence, row, column. */
export type TokenPosition = readonly [number, number, number];

export function paddedLength(length: number): number {
  return Math.ceil(length / tokenMultiple) * tokenMultiple;
}

/** Rows and columns of tokens that latents [C, h, w] make. */
export function tokenGrid(
  { dims: [, height = 0, width = 0] }: Tensor,
  { patchSize }: ZImageConfig,
): { rows: number; columns: number } {
  return { rows: height / patchSize, columns: width / patchSize };
}

/** A caption's tokens, its pads included, stand one after the other from 1 on the first axis. */
export function captionPositions(length: number): TokenPosition[] {
  return Array.from({ length }, (_, i) => [i + 1, 0, 0]);
}

/** An image's tokens stand on a grid behind the padded caption, its pads at the origin. */
export function imagePositions(rows: number, columns: number, captionLength: number): TokenPosition[] {
  const pads = paddedLength(rows * columns) - rows * columns;
  return [
    ...Array.from({ length: rows * columns }, (_, i): TokenPosition => [
      captionLength + 1,
      Math.floor(i / columns),
      i % columns,
    ]),
    ...Array.from({ length: pads }, (): TokenPosition => [0, 0, 0]),
  ];
}

/**
 * Cosines and sines of these positions, [positions, headWidth / 2]. Angles are computed in float64 and rounded to float32
 * before the cosine, as diffusers' RopeEmbedder does.
 */
export function axialRotaryTables(
  positions: readonly TokenPosition[],
  { ropeAxisWidths, ropeTheta }: ZImageConfig,
): { cos: Tensor; sin: Tensor } {
  const frequencies = ropeAxisWidths.flatMap((width, axis) =>
    Array.from({ length: width / 2 }, (_, i) => ({ axis, frequency: 1 / ropeTheta ** ((2 * i) / width) })),
  );
  const angles = Float32Array.from(
    positions.flatMap((position) => frequencies.map(({ axis, frequency }) => (position[axis] ?? 0) * frequency)),
  );
  const dims = [positions.length, frequencies.length];
  return { cos: new Tensor(angles.map(Math.cos), dims), sin: new Tensor(angles.map(Math.sin), dims) };
}
