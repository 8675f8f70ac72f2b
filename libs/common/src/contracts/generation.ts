import { z } from 'zod';
import { webhookEvents } from './job-states.js';

const side = z.int().min(16).multipleOf(16, 'must be a multiple of 16 px');

export const outputFormats = ['png', 'jpeg', 'webp'] as const;
export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** A lone surrogate is no character: neither UTF-8 nor a tokenizer has a form for it. */
const Text = z.string().refine((text) => !/\p{Surrogate}/u.test(text), 'must be well-formed Unicode');

const Metadata = z
  .record(z.string(), z.json())
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= 4096, 'must be at most 4 kB as JSON');

/**
 * Body of `POST /v1/generations`. Unknown fields are refused. Limits that differ by model (pixels, steps, images, prompt
 * length) are checked afterwards by `resolveGeneration`, which names the limit.
 */
export const GenerationBody = z.strictObject({
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
    })
    .optional(),
  priority: z.enum(priorities).optional(),
  deadline_s: z.number().positive().max(86_400).optional(),
  batch: z.boolean().optional(),
  webhook: z
    .strictObject({ url: z.url().max(2048), events: z.array(z.enum(webhookEvents)).min(1).optional() })
    .optional(),
  metadata: Metadata.optional(),
});
export type GenerationBody = z.infer<typeof GenerationBody>;

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
});
export type GenerationRequest = z.infer<typeof GenerationRequest>;
