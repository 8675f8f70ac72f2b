import { z } from 'zod';
import { GenerationRequest, outputFormats, priorities } from '../contracts/generation.js';
import { jobStates } from '../contracts/job-states.js';
import { jobKinds, type JobRecord } from './job-record.js';

const time = z.iso.datetime().describe('ISO 8601, UTC');

const JobImage = z.strictObject({
  index: z.int(),
  seed: z.int(),
  width: z.int(),
  height: z.int(),
  format: z.enum(outputFormats),
  bytes: z.int(),
  sha256: z.string(),
  url: z.string().describe('Signed; made anew on each read of the job'),
  expires_at: time,
});

/** The public form of a job: what the API answers and what webhooks carry. */
export const JobDocument = z
  .strictObject({
    id: z.string(),
    state: z.enum(jobStates),
    kind: z.enum(jobKinds),
    model: z.string(),
    request: GenerationRequest,
    priority: z.enum(priorities),
    progress: z.strictObject({ step: z.int(), steps: z.int() }),
    images: z.array(JobImage),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    metadata: z.record(z.string(), z.unknown()),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    deadline_at: time.nullable(),
    timings: z.strictObject({
      queue_ms: z.number().nullable(),
      compute_ms: z.number().nullable(),
      upload_ms: z.number().nullable(),
    }),
    batch: z
      .strictObject({ max: z.number(), mean: z.number() })
      .nullable()
      .describe('Effective batch sizes over the steps'),
    copies: z
      .array(
        z.strictObject({
          index: z.int(),
          state: z.enum(['pending', 'copied', 'failed']),
          status: z.int().nullable().describe('HTTP status of the last attempt'),
          error: z.string().nullable(),
        }),
      )
      .describe('The copies to `output.put_urls`'),
    attempts: z.int().describe('How often a worker began the job'),
    worker: z.string().nullable(),
  })
  .meta({ id: 'JobDocument' });
export type JobDocument = z.infer<typeof JobDocument>;

/** A URL for an object's key, made at reading time because it expires. */
export type UrlOf = (key: string) => Promise<{ url: string; expiresAt: Date }>;

export async function toJobDocument(record: JobRecord, urlOf: UrlOf): Promise<JobDocument> {
  const images = await Promise.all(
    record.images.map(async ({ key, ...image }) => {
      const { url, expiresAt } = await urlOf(key);
      return { ...image, url, expires_at: expiresAt.toISOString() };
    }),
  );
  return {
    id: record.id,
    state: record.state,
    kind: record.kind,
    model: record.model,
    request: record.request,
    priority: record.priority,
    progress: record.progress,
    images,
    error: record.error,
    metadata: record.metadata,
    created_at: iso(record.createdAt),
    started_at: isoOrNull(record.startedAt),
    finished_at: isoOrNull(record.finishedAt),
    deadline_at: isoOrNull(record.deadlineAt),
    timings: {
      queue_ms: record.timings.queueMs,
      compute_ms: record.timings.computeMs,
      upload_ms: record.timings.uploadMs,
    },
    batch: record.batch,
    copies: record.copies.map((copy, index) => ({ index, ...copy })),
    attempts: record.attempts,
    worker: record.worker,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
