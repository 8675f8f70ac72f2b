import type { EditBody } from '@app/common/contracts/generation.js';
import type { Ask } from '../inputs/input-source.js';
import type { ImagesEditBody, ImagesGenerationBody } from './image-bodies.js';

/** A call of OpenAI's Images API in this service's own terms. */
export interface ImagesCall {
  ask: Ask;
  /** What the names of its stream's events begin with. */
  events: 'image_generation' | 'image_edit';
  responseFormat: 'b64_json' | 'url';
  stream: boolean;
  /** Of each image, at most; 0 where nothing is streamed. */
  partialImages: number;
}

export function generationCall(body: ImagesGenerationBody): ImagesCall {
  const format = answerFormat(body);
  const previews = format.partialImages;
  return { ask: { kind: 'generation', body: sharedFields(body), previews }, events: 'image_generation', ...format };
}

/** With a mask a part of the image is made anew (inpainting); without one the images are edited by the prompt. */
export function editCall(body: ImagesEditBody): ImagesCall {
  const { images, mask } = body;
  const shared = sharedFields(body);
  const format = answerFormat(body);
  const previews = format.partialImages;
  const ask: Ask =
    typeof mask === 'string'
      ? { kind: 'generation', body: { ...shared, image: images[0], mask }, mask: 'alpha-mask', previews }
      : { kind: 'edit', body: { ...shared, images }, previews };
  return { ask, events: 'image_edit', ...format };
}

type Body = ImagesGenerationBody | ImagesEditBody;

function sharedFields(body: Body): Omit<EditBody, 'images'> {
  const { output_format: format, output_compression: compression } = body;
  return {
    prompt: body.prompt,
    negative_prompt: body.negative_prompt ?? undefined,
    model: isOpenAiModel(body.model) ? undefined : (body.model ?? undefined),
    n: body.n ?? undefined,
    size: body.size === 'auto' ? undefined : (body.size ?? undefined),
    steps: body.steps ?? undefined,
    guidance_scale: body.guidance_scale ?? undefined,
    seed: body.seed ?? undefined,
    output: {
      format: format ?? 'png',
      // OpenAI counts from 0, encoders from 1.
      quality: typeof compression === 'number' ? Math.max(1, compression) : undefined,
      embed_parameters: true,
    },
  };
}

const isOpenAiModel = (name: string | null | undefined): boolean =>
  /^(gpt-image|chatgpt-image|dall-e)-/.test(name ?? '');

/** OpenAI's own defaults: DALL·E answers with URLs, later models with base64. */
function answerFormat(body: Body): Pick<ImagesCall, 'responseFormat' | 'stream' | 'partialImages'> {
  const { model, response_format, partial_images } = body;
  const byModel = model?.startsWith('dall-e-') === true ? 'url' : 'b64_json';
  const stream = body.stream ?? false;
  return { responseFormat: response_format ?? byModel, stream, partialImages: stream ? (partial_images ?? 0) : 0 };
}
