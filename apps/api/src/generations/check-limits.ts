import type { GenerationRequest } from '@app/common/contracts/generation.js';
import type { Model } from '@app/common/contracts/model-catalog.js';
import { tokensPerImage } from '@app/common/jobs/cost.js';
import { Problem } from '../http/problems.js';

/** Checks a request against its model. `sizeField` is the field that sizes are blamed on. Throws `limit_exceeded`. */
export function checkLimits(request: GenerationRequest, model: Model, sizeField: 'size' | 'width' | 'images'): void {
  const { limits, token_budget } = model;
  const atMost = (limit: string, bound: number, field: string, value: number): void => {
    if (value > bound) throw exceeded(model, limit, bound, field, value);
  };
  const sides = sizeField === 'width' ? ['width', 'height'] : [sizeField, sizeField];
  for (const [i, side] of [request.width, request.height].entries()) {
    const field = sides[i] ?? sizeField;
    if (side < limits.min_side) throw exceeded(model, 'min_side', limits.min_side, field, side);
    atMost('max_side', limits.max_side, field, side);
  }
  atMost('max_pixels', limits.max_pixels, sizeField, request.width * request.height);
  atMost('max_steps', limits.max_steps, 'steps', request.steps);
  atMost('max_images', limits.max_images, 'n', request.n);
  atMost('max_prompt_chars', limits.max_prompt_chars, 'prompt', charactersOf(request.prompt));
  atMost('max_prompt_chars', limits.max_prompt_chars, 'negative_prompt', charactersOf(request.negative_prompt ?? ''));
  // A request above an empty engine's budget could never start.
  atMost('token_budget', token_budget, sizeField, tokensPerImage(request));
}

/** Checks how large a body may be that asks a model for images. Throws `limit_exceeded`. */
export function checkBodyBytes(bytes: number, model: Model): void {
  const { max_body_bytes: bound } = model.limits;
  if (bytes > bound) throw exceeded(model, 'max_body_bytes', bound, 'body', bytes);
}

function exceeded({ name }: Model, limit: string, bound: number, field: string, value: number): Problem {
  const side = value < bound ? 'below' : 'above';
  const message = `${value} is ${side} the limit ${limit} of ${name}, ${bound}`;
  return new Problem('limit_exceeded', `${field}: ${message}`, { limit, bound, errors: [{ field, message }] });
}

/** Unicode code points: an emoji counts once. */
const charactersOf = (text: string): number => Array.from(text).length;
