import { z } from 'zod';
import { outputFormats } from '@app/common/contracts/generation.js';
import { tokensPerImage } from '@app/common/jobs/cost.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';

/** Image tokens, one for 16 × 16 px. Text is not counted. */
export const Usage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({ image_tokens: z.int(), text_tokens: z.int() }),
  output_tokens: z.int(),
  total_tokens: z.int(),
});

/** Answer of the OpenAI Images routes; `seed` is this service's own. */
export const ImagesAnswer = z
  .object({
    created: z.int().describe('Unix seconds'),
    background: z.literal('opaque'),
    output_format: z.enum(outputFormats),
    size: z.string(),
    data: z.array(z.object({ b64_json: z.string().optional(), url: z.string().optional(), seed: z.int() })),
    usage: Usage,
  })
  .meta({ id: 'ImagesAnswer' });
export type ImagesAnswer = z.infer<typeof ImagesAnswer>;

type Request = JobRecord['request'];
export const sizeOf = ({ width, height }: Request): string => `${width}x${height}`;

/** A finished job's answer, with what its images are sent as, in their order. */
export function imagesAnswer(record: JobRecord, data: ImagesAnswer['data']): ImagesAnswer {
  const { request, finishedAt } = record;
  return {
    created: Math.floor((finishedAt ?? Date.now()) / 1000),
    background: 'opaque',
    output_format: request.output.format,
    size: sizeOf(request),
    data,
    usage: usageOf(request),
  };
}

/** Image tokens of a request's references and results. */
export function usageOf({ width, height, n, images }: Request): ImagesAnswer['usage'] {
  const made = { width, height, guidance_scale: 0 };
  const perImage = tokensPerImage(made);
  const input = images ? tokensPerImage({ ...made, images }) - perImage : 0;
  const output = perImage * n;
  return {
    input_tokens: input,
    input_tokens_details: { image_tokens: input, text_tokens: 0 },
    output_tokens: output,
    total_tokens: input + output,
  };
}
