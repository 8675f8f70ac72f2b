import type { Redis } from 'ioredis';
import type { JobState } from '../contracts/job-states.js';
import { ModelQueues } from '../queue/model-queue.js';
import { GpuQuota, QuotaExceeded } from '../limits/gpu-quota.js';
import type { LimitState } from '../limits/limit-reached.js';
import { openJobsLimit, queueLimit } from '../limits/open-jobs.js';
import { queuedJobVersion } from '../queue/queued-job.js';
import { fairPlace, placesPerUnit } from './fair-place.js';
import { IdempotencyClaims } from './idempotency.js';
import { IdempotencyInFlight, IdempotencyMismatch, QueueFull, TenantLimitReached } from './job-errors.js';
import { copyField, decodeJob, encodeAccepted, encodeOutcome } from './job-hash.js';
import { modelOfJob, newJobId } from './job-id.js';
import { listJobs, readJob, type JobPage, type JobQuery } from './job-list.js';
import type { JobFailure, JobOutcome, JobRecord, OutputCopy, StoredPreview } from './job-record.js';
import { currentTraceparent } from '../telemetry/tracing.js';
import { ModelKeys, type JobKeys } from './model-keys.js';
import { QueuedNotes } from './queued-notes.js';
import { accept } from './scripts/accept.lua.js';
import { cancel } from './scripts/cancel.lua.js';
import { commit } from './scripts/commit.lua.js';
import { countCrash } from './scripts/count-crash.lua.js';
import { enqueue } from './scripts/enqueue.lua.js';
import { preview } from './scripts/preview.lua.js';
import { progress } from './scripts/progress.lua.js';
import { putAside } from './scripts/put-aside.lua.js';
import { recordCopy } from './scripts/record-copy.lua.js';
import { release } from './scripts/release.lua.js';
import type { JobScript } from './scripts/job-script.js';
import { start } from './scripts/start.lua.js';

export interface JobStoreOptions {
  /** The catalog's models: where `list` looks. */
  models: readonly string[];
  /** How long a document stays after its terminal state; default 7 days. */
  ttlMs?: number;
  /** `accept` returns once the document is written, and the job is put on its queue meanwhile; else it waits for both. */
  queuesMeanwhile?: boolean;
  /** What a job's id says of its time, and so the day whose quota it uses; default `Date.now`. */
  now?: () => number;
}

export interface NewJob extends Pick<
  JobRecord,
  'tenant' | 'kind' | 'model' | 'request' | 'priority' | 'cost' | 'metadata' | 'webhook' | 'putUrls' | 'deadlineAt'
> {
  /** Weight of the API key: its share of the model, before the class' factor. */
  weight: number;
  /** Open jobs of this model: of one tenant, and in all. */
  caps: { tenantJobs: number; queueJobs: number };
  /** GPU-seconds that the tenant may use a day, over all models; without it the job is not counted. */
  quota?: number | undefined;
  /** From `reserve`; without it `accept` reserves one itself. */
  id?: string;
  idempotency?: Idempotency | undefined;
}

/** `fingerprint`: SHA-256 of the canonical body. `renew`: the key is taken from whatever job it stands for. */
export interface Idempotency {
  key: string;
  fingerprint: string;
  renew?: boolean;
}

export interface AcceptedJob {
  record: JobRecord;
  /** The idempotency key stands for this job already. */
  replayed: boolean;
  /** How the limits that the job counts against stand with it. */
  limits: LimitState[];
}

export type StartResult =
  /** `queueMs`: from the acceptance to the job's first start. */
  | { outcome: 'started'; queueMs: number }
  /** Complete the BullMQ job without running it. Not terminal: another fetch has a higher fence. */
  | { outcome: 'refused'; state: JobState | 'missing' };

type AcceptReply =
  | ['exists' | 'tenant_limit' | 'queue_full']
  | ['accepted', tag: string, base: string, createdAt: number, openJobs: number];

const classWeights: Record<JobRecord['priority'], number> = { high: 4, normal: 1, low: 0.25 };
const defaultTtlMs = 7 * 24 * 3600 * 1000;

/** The job documents: every transition is one Lua script, with Redis' own time. */
export class JobStore {
  private readonly queues: ModelQueues;
  private readonly claims: IdempotencyClaims;
  private readonly quota: GpuQuota;
  private readonly queuedNotes: QueuedNotes;
  private readonly queueing = new Set<Promise<void>>();

  constructor(
    private readonly redis: Redis,
    private readonly options: JobStoreOptions,
  ) {
    this.queues = new ModelQueues(redis);
    this.claims = new IdempotencyClaims(redis);
    this.quota = new GpuQuota(redis);
    this.queuedNotes = new QueuedNotes(redis);
  }

  /**
   * Writes the document and puts the job on its queue.
   * Throws {@link TenantLimitReached}, {@link QueueFull}, {@link QuotaExceeded}, {@link IdempotencyMismatch}, {@link IdempotencyInFlight}.
   */
  async accept(job: NewJob): Promise<AcceptedJob> {
    const reserved = job.id === undefined ? await this.reserve(job) : { id: job.id };
    if ('record' in reserved) return { record: reserved.record, replayed: true, limits: [] };
    const { id } = reserved;
    const { tenantJobs } = job.caps;
    const charged = await this.charge(id, job);
    const { reply, fields } = await this.write(id, job);
    const [outcome] = reply;
    if (outcome === 'tenant_limit' || outcome === 'queue_full') {
      await this.unreserve({ ...job, id });
      if (job.quota !== undefined) await this.quota.refund(job.tenant, id);
      throw outcome === 'queue_full'
        ? new QueueFull(`the queue of ${job.model} is full`, queueLimit(job.caps.queueJobs))
        : new TenantLimitReached(
            `more than ${tenantJobs} open jobs on ${job.model}`,
            openJobsLimit(tenantJobs, tenantJobs),
          );
    }
    if (outcome === 'accepted') {
      // The job is accepted: what goes wrong from here on, the janitor puts right.
      const queued = this.queue(id, reply[1], reply[2], '0').catch(() => undefined);
      this.queueing.add(queued);
      void queued.finally(() => this.queueing.delete(queued));
      if (this.options.queuesMeanwhile !== true) await queued;
    }
    const record = outcome === 'accepted' ? decodeJob([...fields, 'createdAt', String(reply[3])]) : await this.get(id);
    if (!record) throw new Error(`job ${id} vanished while it was accepted`);
    const limits = outcome === 'accepted' ? [openJobsLimit(tenantJobs, reply[4]), ...charged] : [];
    return { record, replayed: outcome === 'exists', limits };
  }

  /**
   * The id of a job that is about to be accepted, for those who have work to do before; or the job that the idempotency key
   * stands for already. Throws {@link IdempotencyMismatch}, {@link IdempotencyInFlight}.
   */
  async reserve(
    job: Pick<NewJob, 'tenant' | 'model' | 'idempotency'>,
  ): Promise<{ id: string } | { record: JobRecord }> {
    const id = newJobId(job.model, this.options.now?.());
    if (!job.idempotency) return { id };
    const claim = await this.claims.take(job.tenant, job.idempotency, id);
    if (claim.outcome === 'new') return { id };
    if (claim.outcome === 'mismatch') throw new IdempotencyMismatch('this Idempotency-Key was used with another body');
    const record = await this.get(claim.id);
    if (record) return { record };
    if (claim.outcome === 'held')
      throw new IdempotencyInFlight('the first request with this Idempotency-Key still runs');
    return { id: claim.id };
  }

  /** Gives the idempotency key back, if it still stands for this id: the client may try again with it. */
  async unreserve(job: { tenant: string; id: string; idempotency?: Idempotency | undefined }): Promise<void> {
    if (job.idempotency) await this.claims.drop(job.tenant, job.idempotency.key, job.id);
  }

  get(id: string): Promise<JobRecord | null> {
    return readJob(this.redis, id);
  }

  list(query: JobQuery): Promise<JobPage> {
    return listJobs(this.redis, this.options.models, query);
  }

  /** Open jobs of a model and their work units (queued and running). */
  async backlog(model: string): Promise<{ jobs: number; units: number }> {
    const keys = new ModelKeys(model);
    const [jobs, units] = await Promise.all([this.redis.zcard(keys.open), this.redis.get(keys.backlog)]);
    // A sum of floats leaves a residue when the last job has gone; the janitor recounts it only now and then.
    return { jobs, units: jobs === 0 ? 0 : Math.max(0, Number(units ?? 0)) };
  }

  /** Queued: canceled at once. Running: its worker ends it at the next step. Terminal: left as it is. */
  async cancel(id: string): Promise<JobRecord | null> {
    const model = modelOfJob(id);
    if (model === null) return null;
    const [outcome, document] = await this.call<[string, string[]?]>(cancel, id, []);
    // Best effort: the janitor and the next `start` know the document.
    if (outcome === 'canceled') await this.queues.remove(model, id).catch(() => false);
    return decodeJob(document ?? []);
  }

  /** A fetched job begins. `fence` is {@link FetchedJob.fence}. */
  async start(id: string, fence: number, worker: string): Promise<StartResult> {
    const [outcome, detail] = await this.call<['started', number] | ['refused', JobState | 'missing']>(start, id, [
      fence,
      worker,
    ]);
    return outcome === 'started' ? { outcome, queueMs: detail } : { outcome, state: detail };
  }

  /** Progress of a running job; at most one call a second and job. Ignored from a fetch that lost the job. */
  async progress(id: string, fence: number, step: number, steps: number): Promise<void> {
    await this.call(progress, id, [fence, step, steps]);
  }

  /** Tells those who follow a running job of a preview; false from a fetch that does not own it. */
  async preview(id: string, fence: number, { index, step, width, height, key }: StoredPreview): Promise<boolean> {
    return (await this.call(preview, id, [fence, index, step, width, height, key])) === 1;
  }

  /** How the copy of an image to the client's own storage went. A document that has expired stays gone. */
  async recordCopy(id: string, index: number, copy: OutputCopy): Promise<void> {
    await recordCopy.run(this.redis, [keysOf(id).job(id)], [copyField(index), JSON.stringify(copy)]);
  }

  /** Ends a running job; false when this fetch does not own it. */
  async commit(id: string, fence: number, outcome: JobOutcome): Promise<boolean> {
    return (await this.call(commit, id, [fence, outcome.state, ...encodeOutcome(outcome)])) === 1;
  }

  /** running → queued; false when this fetch does not own the job. */
  async release(id: string, fence: number): Promise<boolean> {
    return (await this.call(release, id, [fence])) === 1;
  }

  /** Says why a queued job does not start; taken back by its next start. */
  async putAside(id: string, error: JobFailure): Promise<void> {
    await this.call(putAside, id, [JSON.stringify(error)]);
  }

  /** The engine host died with the job in it; how often that has happened to it. */
  countCrash(id: string, fence: number): Promise<number> {
    return this.call(countCrash, id, [fence]);
  }

  /** Puts an accepted job on its queue, and off the janitor's list. Doing it again changes nothing. */
  async enqueue(id: string): Promise<void> {
    const [tag, base, fenceBase] = await this.call<string[]>(enqueue, id, [id]);
    if (tag && base && fenceBase) await this.queue(id, tag, base, fenceBase);
  }

  async close(): Promise<void> {
    await Promise.all(this.queueing);
    await this.queues.close();
  }

  /** Counts the job against the tenant's GPU-seconds of the day. */
  private async charge(id: string, job: NewJob): Promise<LimitState[]> {
    if (job.quota === undefined) return [];
    try {
      return [await this.quota.reserve(job.tenant, id, job.cost, job.quota)];
    } catch (error) {
      if (error instanceof QuotaExceeded) await this.unreserve({ ...job, id });
      throw error;
    }
  }

  private async queue(id: string, tag: string, base: string, fenceBase: string): Promise<void> {
    const keys = keysOf(id);
    const queued = { version: queuedJobVersion, id, tag: Number(tag), fenceBase: Number(fenceBase) } as const;
    await this.queues.add(keys.model, queued, fairPlace(queued.tag, Number(base)));
    await this.queuedNotes.takeOff(keys.unqueued, id);
  }

  private async write(id: string, job: NewJob): Promise<{ reply: AcceptReply; fields: string[] }> {
    const keys = keysOf(id);
    const weight = job.weight * classWeights[job.priority];
    const ttlMs = this.options.ttlMs ?? defaultTtlMs;
    const fields = encodeAccepted({ ...job, id, ttlMs, traceparent: currentTraceparent() });
    const reply = await this.call<AcceptReply>(
      accept,
      id,
      [
        id,
        job.tenant,
        `${job.tenant}:${job.priority}`,
        job.cost,
        (job.cost * placesPerUnit) / weight,
        job.caps.tenantJobs,
        job.caps.queueJobs,
        job.deadlineAt ?? '',
        ...fields,
      ],
      { tenantIndex: keys.index(job.tenant) },
    );
    return { reply, fields };
  }

  private async call<Reply = unknown>(
    script: JobScript,
    id: string,
    args: (string | number)[],
    moreKeys: Pick<JobKeys, 'tenantIndex'> = {},
  ): Promise<Reply> {
    return (await script.run(this.redis, { ...keysOf(id).ofJob(id), ...moreKeys }, args)) as Reply;
  }
}

/** For ids that this service made itself; a wrong one is a fault in the caller. */
function keysOf(id: string): ModelKeys {
  const model = modelOfJob(id);
  if (model === null) throw new Error(`not a job id: ${id}`);
  return new ModelKeys(model);
}
