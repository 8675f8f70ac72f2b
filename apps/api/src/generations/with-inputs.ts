import type { EditBody, GenerationBody, GenerationRequest } from '@app/common/contracts/generation.js';
import type { StoredInput } from '@app/common/contracts/input-image.js';
import type { Model } from '@app/common/contracts/model-catalog.js';
import { tokenSide, tokensPerImage } from '@app/common/jobs/cost.js';
import { invalidField } from '../http/problems.js';
import type { Ask } from '../inputs/input-source.js';
import { checkLimits } from './check-limits.js';

/**
 * The request with its input images, in the order of `sourcesOf`. Where the body gives no size, the first image's own is
 * taken, fitted into the model's limits. Throws `validation_failed` for a mask of another size than its image, and
 * `limit_exceeded` for references that no engine has room for.
 */
export function withInputs(
  request: GenerationRequest,
  ask: Ask,
  stored: readonly StoredInput[],
  model: Model,
): GenerationRequest {
  const [image, mask] = stored;
  if (!image) return request;
  if (ask.kind === 'generation' && mask && (mask.width !== image.width || mask.height !== image.height)) {
    throw invalidField('mask', `must be as large as the image, ${image.width} × ${image.height} px`);
  }
  const inputs = ask.kind === 'edit' ? { images: [...stored] } : { image, ...(mask && { mask }) };
  const whole = { ...request, ...inputs };
  if (namesSize(ask.body)) {
    checkLimits(whole, model, ask.body.size === undefined ? 'width' : 'size');
    return whole;
  }
  const fitted = { ...whole, ...fittedSize(whole, image, model) };
  checkLimits(fitted, model, 'images');
  return fitted;
}

const namesSize = ({ size, width, height }: GenerationBody | EditBody): boolean =>
  (size ?? width ?? height) !== undefined;

/** The image's size in steps of 16 px, made smaller until it is inside the limits and the token budget. */
function fittedSize(
  request: GenerationRequest,
  image: StoredInput,
  { limits, token_budget }: Model,
): { width: number; height: number } {
  const { min_side, max_side, max_pixels } = limits;
  const side = (pixels: number): number =>
    Math.min(Math.max(Math.floor(pixels / tokenSide) * tokenSide, min_side), max_side);
  let scale = Math.min(1, max_side / Math.max(image.width, image.height));
  for (;;) {
    const size = { width: side(image.width * scale), height: side(image.height * scale) };
    const fits = size.width * size.height <= max_pixels && tokensPerImage({ ...request, ...size }) <= token_budget;
    const smallest = size.width === min_side && size.height === min_side;
    if (fits || smallest) return size;
    scale *= 0.95;
  }
}
