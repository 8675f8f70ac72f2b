/** @import { Model } from './types.js' */

const pixelStep = 16;

/** Shapes of a picture, by width over height. */
export const shapes = [
  { name: 'square', label: '1:1', ratio: 1 },
  { name: 'landscape', label: '3:2', ratio: 3 / 2 },
  { name: 'portrait', label: '2:3', ratio: 2 / 3 },
  { name: 'wide', label: '16:9', ratio: 16 / 9 },
];

/**
 * About as many pixels as the model's default size has, in another shape, in multiples of 16 px within its limits.
 *
 * @param {number} ratio
 * @param {Pick<Model, 'defaults' | 'limits'>} model
 */
export function sizeOf(ratio, { defaults, limits }) {
  const pixels = defaults.width * defaults.height;
  /** @param {number} side */
  const fit = (side) => Math.min(Math.max(Math.round(side / pixelStep) * pixelStep, limits.min_side), limits.max_side);
  return { width: fit(Math.sqrt(pixels * ratio)), height: fit(Math.sqrt(pixels / ratio)) };
}
