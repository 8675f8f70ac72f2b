import { z } from 'zod';
import { InputImage, StoredInput } from './input-image.js';
import { webhookEvents } from './job-states.js';

const side = z.int().min(16).multipleOf(16, 'must be a multiple of 16 px');

export const outputFormats = ['png', 'jpeg', 'webp'] as const;
export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** A lone surrogate is no character: neither UTF-8 nor a tokenizer has a form for it. */
const Text = z.string().refine((text) => !/\p{Surrogate}/u.test(text), 'must be well-formed Unicode');

const Metadata = z
  .record(z.string(), z.unknown())
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= 4096, 'must be at most 4 kB as JSON');

/** What generations and edits share. Limits that differ by model are checked afterwards, and named. */
const commonFields = {
  prompt: Text.regex(/\S/, 'must not be empty'),
  negative_prompt: Text.optional(),
  model: z.string().optional(),
  width: side.optional(),
  height: side.optional(),
  size: z
    .string()
    .regex(/^\d{2,5}x\d{2,5}$/, 'must look like 1024x768')
    .optional(),
  steps: z.int().min(1).optional(),
  guidance_scale: z.number().min(0).max(30).optional(),
  cfg_normalization: z.boolean().optional(),
  cfg_truncation: z.number().min(0).max(1).optional(),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  n: z.int().min(1).optional(),
  output: z
    .strictObject({
      format: z.enum(outputFormats).default('png'),
      quality: z.int().min(1).max(100).optional(),
      embed_parameters: z.boolean().default(true),
      /** Presigned PUT URLs, one for each image: the finished images are copied there too. */
      put_urls: z.array(z.url().max(4096)).min(1).optional(),
    })
    .refine(({ format, quality }) => format !== 'png' || quality === undefined, {
      path: ['quality'],
      message: 'is of jpeg and webp: a png loses nothing',
    })
    .optional(),
  priority: z.enum(priorities).optional(),
  deadline_s: z.number().positive().max(86_400).optional(),
  batch: z.boolean().optional(),
  webhook: z
    .strictObject({ url: z.url().max(2048), events: z.array(z.enum(webhookEvents)).min(1).optional() })
    .optional(),
  preview_every: z.int().min(0).optional().describe('Steps between preview images; 0, the default: none'),
  metadata: Metadata.optional(),
};

/** Body of `POST /v1/generations`: from a prompt, an image (`image`, `strength`), or a part of one (`mask`). */
export const GenerationBody = z
  .strictObject({
    ...commonFields,
    image: InputImage.optional(),
    mask: InputImage.optional().describe('As large as the image: white is made anew, black is kept'),
    strength: z.number().gt(0).max(1).optional().describe('How much of the image is made anew, default 0.6'),
  })
  .refine(({ image, mask }) => mask === undefined || image !== undefined, {
    path: ['mask'],
    message: 'needs an image beside it',
  })
  .refine(({ image, strength }) => strength === undefined || image !== undefined, {
    path: ['strength'],
    message: 'needs an image beside it',
  })
  .meta({
    examples: [{ prompt: 'red apple', size: '256x256', seed: 42, output: { format: 'webp' }, metadata: { order: 7 } }],
  });
export type GenerationBody = z.infer<typeof GenerationBody>;

/** Body of `POST /v1/edits`: an instruction, and the images that it speaks of. */
export const EditBody = z
  .strictObject({ ...commonFields, images: z.array(InputImage).min(1).max(4) })
  .meta({ examples: [{ prompt: 'make it green', images: ['upl_01ARZ3NDEKTSV4RRFFQ69G5FAV'], seed: 42 }] });
export type EditBody = z.infer<typeof EditBody>;

/** What a worker runs: every default filled in, sizes in pixels, the seed drawn. Stored in the job document. */
export const GenerationRequest = z.strictObject({
  prompt: z.string(),
  negative_prompt: z.string().nullable(),
  width: z.int(),
  height: z.int(),
  steps: z.int(),
  guidance_scale: z.number(),
  cfg_normalization: z.boolean(),
  cfg_truncation: z.number(),
  /** Image i of a job is made from seed + i, so that each can be made again alone. */
  seed: z.int(),
  n: z.int(),
  output: z.strictObject({
    format: z.enum(outputFormats),
    quality: z.int().optional(),
    embed_parameters: z.boolean(),
  }),
  batch: z.boolean(),
  /** Steps between previews; 0: none. */
  preview_every: z.int(),
  /** Image to image, and with `mask` inpainting. */
  image: StoredInput.optional(),
  mask: StoredInput.optional(),
  strength: z.number().optional(),
  /** Edits: the reference images. */
  images: z.array(StoredInput).optional(),
});
export type GenerationRequest = z.infer<typeof GenerationRequest>;
