import type { JobRecord } from './job-record.js';

type Result = Pick<JobRecord, 'tenant' | 'id' | 'request'>;

const extensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** Where an image of a job lies in object storage. It follows from job and index, so that no attempt makes a second object. */
export const resultKey = ({ tenant, id, request }: Result, index: number): string =>
  `${tenant}/${id}/${index}.${extensions[request.output.format]}`;

/** All places where attempts of a job may have put an image. */
export const resultKeys = (job: Result): string[] =>
  Array.from({ length: job.request.n }, (_, index) => resultKey(job, index));
