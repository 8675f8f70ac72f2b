import pLimit from 'p-limit';
import type { ObjectStorage } from '../storage/object-storage.js';
import { stepsToRun } from './cost.js';
import type { JobRecord } from './job-record.js';

/** Requests to the storage at once, for a job with many previews. */
const maxDeleting = 8;

type Result = Pick<JobRecord, 'tenant' | 'id' | 'request'>;

const extensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** Where an image of a job lies in object storage. It follows from job and index, so that no attempt makes a second object. */
export const resultKey = ({ tenant, id, request }: Result, index: number): string =>
  `${tenant}/${id}/${index}.${extensions[request.output.format]}`;

/** Where the preview of an image after a step lies. */
export const previewKey = ({ tenant, id }: Result, index: number, step: number): string =>
  `${tenant}/${id}/preview-${index}-${step}.jpg`;

/** All places where attempts of a job may have put an image or a preview. */
function resultKeys(job: Result): string[] {
  const { n, preview_every: previewEvery } = job.request;
  // The last step has no preview: the image itself follows.
  const previews = previewEvery > 0 ? Math.ceil(stepsToRun(job.request) / previewEvery) - 1 : 0;
  return Array.from({ length: n }, (_, index) => [
    resultKey(job, index),
    ...Array.from({ length: previews }, (_, i) => previewKey(job, index, (i + 1) * previewEvery)),
  ]).flat();
}

/** Deletes all objects of a job that ended without a result. Throws StorageUnavailable. */
export async function deleteResults(storage: Pick<ObjectStorage, 'delete'>, job: Result): Promise<void> {
  const deleting = pLimit(maxDeleting);
  await Promise.all(resultKeys(job).map((key) => deleting(() => storage.delete(key))));
}
