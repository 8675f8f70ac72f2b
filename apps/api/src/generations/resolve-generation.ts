import { randomInt } from 'node:crypto';
import type { EditBody, GenerationBody, GenerationRequest } from '@app/common/contracts/generation.js';
import type { Model, ModelCatalog, RequestKind } from '@app/common/contracts/model-catalog.js';
import { stepsToRun, tokenSide } from '@app/common/jobs/cost.js';
import { invalidField, Problem } from '../http/problems.js';
import { checkLimits } from './check-limits.js';

const seedRange = 2 ** 32;

/**
 * The model a body names, or the default of its kind. Throws `model_unknown`, or `kind_not_served`, which lists the models
 * that serve the kind.
 */
export function modelFor(kind: RequestKind, name: string | undefined, catalog: ModelCatalog): Model {
  const model = name === undefined ? catalog.defaultFor(kind) : catalog.get(name);
  if (!model && name !== undefined) {
    throw new Problem('model_unknown', `there is no model ${JSON.stringify(name)}`, {
      errors: [{ field: 'model', message: `must be one of ${catalog.names.join(', ')}` }],
      models: catalog.names,
    });
  }
  if (model?.kinds.includes(kind)) return model;
  const models = catalog.serving(kind).map((serving) => serving.name);
  const message = models.length === 0 ? `no model serves ${kind}` : `${kind} is served by ${models.join(', ')}`;
  throw new Problem('kind_not_served', message, { errors: [{ field: 'model', message }], models });
}

/**
 * Fills in the model's defaults, draws the seed where none is given, and checks the model's limits; input images are added
 * by `withInputs`. `previews`: at most so many, where the body does not say how often. Throws `validation_failed` or
 * `limit_exceeded`, which names the limit.
 */
export function resolveGeneration(body: GenerationBody | EditBody, model: Model, previews = 0): GenerationRequest {
  const { width, height } = sizeOf(body, model);
  // Not `put_urls`: whoever has one can write there, and the request is shown.
  const { format = 'png', quality, embed_parameters = true } = body.output ?? {};
  const request: GenerationRequest = {
    prompt: body.prompt,
    negative_prompt: body.negative_prompt ?? null,
    width,
    height,
    steps: body.steps ?? model.defaults.steps,
    guidance_scale: body.guidance_scale ?? model.defaults.guidance_scale,
    cfg_normalization: body.cfg_normalization ?? false,
    cfg_truncation: body.cfg_truncation ?? 1,
    seed: body.seed ?? randomInt(seedRange),
    n: body.n ?? 1,
    output: { format, ...(quality !== undefined && { quality }), embed_parameters },
    batch: body.batch ?? true,
    preview_every: body.preview_every ?? 0,
    ...('image' in body && body.image !== undefined && { strength: body.strength ?? defaultStrength(body) }),
  };
  if (body.preview_every === undefined && previews > 0) {
    request.preview_every = Math.ceil(stepsToRun(request) / (previews + 1));
  }
  checkLimits(request, model, body.size === undefined ? 'width' : 'size');
  if (!Number.isSafeInteger(request.seed + request.n)) throw invalidField('seed', 'must leave room for seed + n');
  return request;
}

/** diffusers' own defaults for image to image and for inpainting. */
const defaultStrength = ({ mask }: GenerationBody): number => (mask === undefined ? 0.6 : 1);

/** Pixels, by `size` or by `width` and `height`, never both. */
function sizeOf(body: GenerationBody | EditBody, model: Model): { width: number; height: number } {
  if (body.size === undefined) {
    return { width: body.width ?? model.defaults.width, height: body.height ?? model.defaults.height };
  }
  if (body.width !== undefined || body.height !== undefined) {
    throw invalidField('size', 'cannot stand beside width or height');
  }
  const [width = 0, height = 0] = body.size.split('x').map(Number);
  if (width % tokenSide !== 0 || height % tokenSide !== 0)
    throw invalidField('size', `must be multiples of ${tokenSide} px`);
  return { width, height };
}
