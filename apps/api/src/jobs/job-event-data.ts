import { z } from 'zod';
import { jobStates } from '@app/common/contracts/job-states.js';
import { JobDocument } from '@app/common/jobs/job-document.js';

/** The data of a `preview` event: a JPEG of image `index` at `url`. */
export const PreviewDocument = z.object({
  index: z.int(),
  step: z.int(),
  width: z.int(),
  height: z.int(),
  url: z.string(),
  expires_at: z.iso.datetime(),
});
export type PreviewDocument = z.infer<typeof PreviewDocument>;

/** What the events of `GET /v1/jobs/{id}/events` carry: `state`, `progress`, `preview` and, at last, `result`. */
export const JobEventData = z
  .union([
    z.object({ state: z.enum(jobStates) }),
    z.object({ step: z.int(), steps: z.int() }),
    PreviewDocument,
    JobDocument,
  ])
  .meta({ id: 'JobEventData' });
