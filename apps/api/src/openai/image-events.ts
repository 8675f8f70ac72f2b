import { z } from 'zod';
import { outputFormats } from '@app/common/contracts/generation.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { ServerSentEvent } from '../http/server-sent-events.js';
import { sizeOf, Usage, usageOf } from './images-answer.js';
import type { ImagesCall } from './images-call.js';
import { OpenAiError } from './openai-error.js';

/** OpenAI's fields, all of them. */
const StreamedImage = z.object({
  type: z.string(),
  b64_json: z.string(),
  created_at: z.int().describe('Unix seconds'),
  size: z.string(),
  quality: z.literal('auto'),
  background: z.literal('opaque'),
  output_format: z.enum(outputFormats),
});
const PartialImage = StreamedImage.extend({ partial_image_index: z.int().describe('Of its image, from 0') });
const CompletedImage = StreamedImage.extend({ usage: Usage });

/** What the events of the OpenAI Images routes carry. */
export const ImageStreamEvent = z.union([PartialImage, CompletedImage, OpenAiError]).meta({ id: 'ImageStreamEvent' });

type Request = JobRecord['request'];
type Events = Pick<ImagesCall, 'events'>;

/** `image_generation.partial_image` or `image_edit.partial_image`: an image on its way; `index` counts those of its image. */
export function partialImage({ events }: Events, request: Request, base64: string, index: number): ServerSentEvent {
  const type = `${events}.partial_image`;
  const image = streamedImage(type, request, base64, Date.now());
  return { type, data: { ...image, partial_image_index: index } satisfies z.infer<typeof PartialImage> };
}

/** `image_generation.completed` or `image_edit.completed`: a finished image. */
export function completedImage({ events }: Events, ended: JobRecord, base64: string): ServerSentEvent {
  const type = `${events}.completed`;
  const { request, finishedAt } = ended;
  const image = streamedImage(type, request, base64, finishedAt ?? Date.now());
  return { type, data: { ...image, usage: usageOf(request) } satisfies z.infer<typeof CompletedImage> };
}

const streamedImage = (
  type: string,
  request: Request,
  base64: string,
  createdAtMs: number,
): z.infer<typeof StreamedImage> => ({
  type,
  b64_json: base64,
  created_at: Math.floor(createdAtMs / 1000),
  size: sizeOf(request),
  quality: 'auto',
  background: 'opaque',
  output_format: request.output.format,
});
