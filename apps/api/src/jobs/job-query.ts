import { z } from 'zod';
import { jobStates } from '@app/common/contracts/job-states.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { jobIdPattern } from '@app/common/jobs/job-id.js';

/** Query of `GET /v1/jobs`. */
export const JobListQuery = z.strictObject({
  state: z.enum(jobStates).optional(),
  model: z.string().optional(),
  cursor: z.string().regex(jobIdPattern, 'must be the next_cursor of the page before').optional(),
  limit: z.coerce
    .number('must be a number')
    .int('must be whole')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(20),
});
export type JobListQuery = z.infer<typeof JobListQuery>;

/** Answer of `GET /v1/jobs`: newest first. */
export const JobList = z
  .object({ jobs: z.array(JobDocument), next_cursor: z.string().nullable() })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof JobList>;
