import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { ImageRequest } from '@app/inference';
import type { OutputFormat } from '../engine-host/protocol.js';

/** Image i of a job is made from seed + i, so that each can be made again alone. */
export const seedOf = (record: JobRecord, index: number): number => record.request.seed + index;

/** The engine's request for one image of a job. `alone`: no other request shares its calls. */
export function imageRequest({ request, ...record }: JobRecord, index: number, alone: boolean): ImageRequest {
  return {
    prompt: request.prompt,
    negativePrompt: request.negative_prompt,
    width: request.width,
    height: request.height,
    steps: request.steps,
    guidanceScale: request.guidance_scale,
    cfgNormalization: request.cfg_normalization,
    cfgTruncation: request.cfg_truncation,
    seed: seedOf({ request, ...record }, index),
    alone,
    previewEvery: request.preview_every,
  };
}

/** The format of one image, with what is needed to make it again as JSON under `parameters`. */
export function outputFormat(record: JobRecord, index: number): OutputFormat {
  const { output, prompt, negative_prompt, width, height, steps, guidance_scale, cfg_normalization, cfg_truncation } =
    record.request;
  const { format, quality, embed_parameters } = output;
  const parameters = JSON.stringify({
    model: record.model,
    prompt,
    ...(negative_prompt !== null && { negative_prompt }),
    width,
    height,
    steps,
    guidance_scale,
    cfg_normalization,
    cfg_truncation,
    seed: seedOf(record, index),
  });
  return {
    format,
    ...(quality !== undefined && { quality }),
    ...(embed_parameters && { parameters: { parameters } }),
  };
}
