import type { GenerationRequest, Priority } from '../contracts/generation.js';
import type { JobState, TerminalState, WebhookEvent } from '../contracts/job-states.js';

/** An image of a succeeded job, as stored: `key` is its place in object storage. */
export interface StoredImage {
  index: number;
  seed: number;
  width: number;
  height: number;
  format: 'png' | 'jpeg' | 'webp';
  bytes: number;
  sha256: string;
  key: string;
}

/** A look at an image while it is made, as stored. `step`: the steps done by then, of the image. */
export interface StoredPreview {
  index: number;
  step: number;
  width: number;
  height: number;
  key: string;
}

export interface JobFailure {
  /** Public code, e.g. `engine_crashed`, `worker_lost`. */
  code: string;
  message: string;
}

export interface WebhookTarget {
  url: string;
  events: WebhookEvent[];
}

export const jobKinds = ['generation', 'edit'] as const;
export type JobKind = (typeof jobKinds)[number];

/** How the copy of one image to the client's own storage stands. `status`: the HTTP status of the last attempt. */
export interface OutputCopy {
  state: 'pending' | 'copied' | 'failed';
  status: number | null;
  error: string | null;
}

/** The job document as Redis holds it: the truth about a job. Times are milliseconds since the epoch, Redis' clock. */
export interface JobRecord {
  id: string;
  tenant: string;
  kind: JobKind;
  model: string;
  state: JobState;
  request: GenerationRequest;
  priority: Priority;
  /** Work units ≈ GPU-seconds, from the request alone. */
  cost: number;
  metadata: Record<string, unknown>;
  webhook: WebhookTarget | null;
  /** Presigned PUT URLs, one an image, or none. Whoever has one can write there: never part of the public document. */
  putUrls: string[];
  /** One for each of `putUrls`. */
  copies: OutputCopy[];
  deadlineAt: number | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  progress: { step: number; steps: number };
  images: StoredImage[];
  error: JobFailure | null;
  timings: { queueMs: number | null; computeMs: number | null; uploadMs: number | null };
  /** Effective batch sizes over the job's steps. */
  batch: { max: number; mean: number } | null;
  attempts: number;
  /** How often this job was in an engine host when it died. */
  crashes: number;
  worker: string | null;
  /** `job.attemptsStarted` of the fetch that owns the job: only its holder may commit. */
  fence: number;
  cancelRequested: boolean;
  /** W3C trace context of the request that made the job; null when nothing was traced. */
  traceparent: string | null;
}

/** What `commit` writes with the terminal state. */
export interface JobOutcome {
  state: TerminalState;
  images?: StoredImage[];
  error?: JobFailure;
  computeMs?: number;
  uploadMs?: number;
  batch?: { max: number; mean: number };
}
