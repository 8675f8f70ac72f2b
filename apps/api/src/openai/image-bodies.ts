import { z } from 'zod';
import { EditBody, outputFormats } from '@app/common/contracts/generation.js';
import { InputImage } from '@app/common/contracts/input-image.js';

const { prompt, negative_prompt, steps, guidance_scale, seed, images } = EditBody.shape;

interface SharedBody {
  output_format?: string | null | undefined;
  output_compression?: number | null | undefined;
}

/** OpenAI's clients send null for what is absent. */
const sharedFields = {
  prompt,
  model: z
    .string()
    .nullish()
    .describe('A model of GET /v1/models; `gpt-image-*`, `chatgpt-image-*` and `dall-e-*` stand for the default'),
  n: z.int().min(1).nullish(),
  size: z
    .string()
    .regex(/^(auto|\d{2,5}x\d{2,5})$/, 'must be auto or look like 1024x768')
    .nullish(),
  quality: z
    .enum(['standard', 'hd', 'low', 'medium', 'high', 'xhigh', 'max', 'auto'])
    .nullish()
    .describe('Has no effect: `steps` decides'),
  background: z.enum(['opaque', 'auto'], 'must be opaque or auto: the models make no transparency').nullish(),
  output_format: z.enum(outputFormats).nullish(),
  output_compression: z.int().min(0).max(100).nullish().describe('Quality of JPEG and WebP'),
  response_format: z.enum(['b64_json', 'url']).nullish().describe('Default b64_json; `url` for `dall-e-*`'),
  stream: z.boolean().nullish(),
  partial_images: z
    .int()
    .min(0)
    .max(3)
    .nullish()
    .describe('With `stream`: previews of each image on its way, at most so many'),
  complexity: z.enum(['low', 'medium', 'high']).nullish().describe('Has no effect'),
  safety_identifier: z.string().nullish().describe('Has no effect'),
  user: z.string().nullish().describe('Has no effect'),
  negative_prompt: negative_prompt.nullish(),
  steps: steps.nullish(),
  guidance_scale: guidance_scale.nullish(),
  seed: seed.nullish(),
};

/** As OpenAI has it: a PNG is whole. */
const isCompressible = ({ output_format: format, output_compression: compression }: SharedBody): boolean =>
  (compression ?? 100) === 100 || (format ?? 'png') !== 'png';
const notCompressible = { path: ['output_compression'], message: 'must be 100, or be absent, for png' };

/** Body of `POST /v1/images/generations`: OpenAI's, and the extra fields negative_prompt, steps, guidance_scale and seed. */
export const ImagesGenerationBody = z
  .strictObject({
    ...sharedFields,
    moderation: z.enum(['low', 'auto']).nullish().describe('Has no effect'),
    style: z.enum(['vivid', 'natural']).nullish().describe('Has no effect'),
  })
  .refine(isCompressible, notCompressible)
  .meta({ examples: [{ prompt: 'red apple', n: 1, size: '256x256', output_format: 'webp', seed: 42 }] });
export type ImagesGenerationBody = z.infer<typeof ImagesGenerationBody>;

/** Body of `POST /v1/images/edits`, as the form is read: its `image` and `image[]` files are `images`. */
export const ImagesEditBody = z
  .strictObject({
    ...sharedFields,
    images,
    mask: InputImage.nullish().describe('As large as the image: what is transparent in it is made anew'),
    input_fidelity: z.enum(['high', 'low']).nullish().describe('Has no effect'),
  })
  .refine((body) => (body.mask ?? null) === null || body.images.length === 1, {
    path: ['mask'],
    message: 'stands beside one image',
  })
  .refine(isCompressible, notCompressible)
  .meta({ examples: [{ prompt: 'make it green', images: ['upl_01ARZ3NDEKTSV4RRFFQ69G5FAV'] }] });
export type ImagesEditBody = z.infer<typeof ImagesEditBody>;
