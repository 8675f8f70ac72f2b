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
}

export const generationCall = (body: ImagesGenerationBody): ImagesCall => ({
  ask: { kind: 'generation', body: sharedFields(body) },
  events: 'image_generation',
  ...answerFormat(body),
});

/** With a mask a part of the image is made anew (inpainting); without one the images are edited by the prompt. */
export function editCall(body: ImagesEditBody): ImagesCall {
  const { images, mask } = body;
  const shared = sharedFields(body);
  const ask: Ask =
    typeof mask === 'string'
      ? { kind: 'generation', body: { ...shared, image: images[0], mask }, mask: 'alpha-mask' }
      : { kind: 'edit', body: { ...shared, images } };
  return { ask, events: 'image_edit', ...answerFormat(body) };
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

const isOpenAiModel = (name: string | null | undefined): boolean => /^(gpt-image|dall-e)-/.test(name ?? '');

/** OpenAI's own defaults: DALL·E answers with URLs, later models with base64. */
function answerFormat({ model, response_format, stream }: Body): Pick<ImagesCall, 'responseFormat' | 'stream'> {
  const byModel = model?.startsWith('dall-e-') === true ? 'url' : 'b64_json';
  return { responseFormat: response_format ?? byModel, stream: stream ?? false };
}
