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

const jobExample = {
  id: 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV_z-image-nano-turbo',
  state: 'succeeded',
  kind: 'generation',
  model: 'z-image-nano-turbo',
  request: {
    prompt: 'red apple',
    negative_prompt: null,
    width: 256,
    height: 256,
    steps: 8,
    guidance_scale: 0,
    cfg_normalization: false,
    cfg_truncation: 1,
    seed: 42,
    n: 1,
    output: { format: 'png', embed_parameters: true },
    batch: true,
    preview_every: 0,
  },
  priority: 'normal',
  progress: { step: 8, steps: 8 },
  images: [
    {
      index: 0,
      seed: 42,
      width: 256,
      height: 256,
      format: 'png',
      bytes: 98_304,
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      url: 'https://images.example.com/0.png?expires=…',
      expires_at: '2026-01-31T12:15:00.000Z',
    },
  ],
  error: null,
  metadata: { order: 7 },
  created_at: '2026-01-31T12:00:00.000Z',
  started_at: '2026-01-31T12:00:00.012Z',
  finished_at: '2026-01-31T12:00:00.431Z',
  deadline_at: null,
  timings: { queue_ms: 12, compute_ms: 410, upload_ms: 9 },
  batch: { max: 4, mean: 2.5 },
  copies: [],
  attempts: 1,
  worker: 'worker-1',
};

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
  .meta({ id: 'JobDocument', examples: [jobExample] });
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
