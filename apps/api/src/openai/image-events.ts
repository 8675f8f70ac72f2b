import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { ServerSentEvent } from '../http/server-sent-events.js';
import { sizeOf, usageOf } from './images-answer.js';
import type { ImagesCall } from './images-call.js';

type Request = JobRecord['request'];

/** `image_generation.partial_image` or `image_edit.partial_image`: an image on its way; `index` counts those of its image. */
export const partialImage = (call: Pick<ImagesCall, 'events'>, request: Request, base64: string, index: number) =>
  event(`${call.events}.partial_image`, { ...imageFields(request, base64, Date.now()), partial_image_index: index });

/** `image_generation.completed` or `image_edit.completed`: a finished image. */
export const completedImage = (call: Pick<ImagesCall, 'events'>, ended: JobRecord, base64: string) => {
  const { request, finishedAt } = ended;
  const image = imageFields(request, base64, finishedAt ?? Date.now());
  return event(`${call.events}.completed`, { ...image, usage: usageOf(request) });
};

/** OpenAI's fields, all of them. */
const imageFields = (request: Request, base64: string, createdAtMs: number) => ({
  b64_json: base64,
  created_at: Math.floor(createdAtMs / 1000),
  size: sizeOf(request),
  quality: 'auto',
  background: 'opaque',
  output_format: request.output.format,
});

const event = (type: string, fields: object): ServerSentEvent => ({ type, data: { type, ...fields } });
