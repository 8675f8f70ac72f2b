import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { endedWithoutResult } from '@app/common/contracts/job-states.js';
import { ServiceError } from '@app/common/errors.js';
import type { JobOutcome } from '@app/common/jobs/job-record.js';
import { inSpan, pastSpan, SpanKind } from '@app/common/telemetry/tracing.js';
import type { WorkerMetrics } from '../worker-metrics.js';
import type { FetchedJob, JobSource } from '@app/common/queue/job-source.js';
import {
  EngineClosed,
  EngineCrashed,
  EngineKeepsDying,
  EngineRequestFailed,
  EngineUnusable,
} from '../engine-host/errors.js';
import { JobRun, type RunTools } from './job-run.js';
import { DeadlinePassed, JobCanceled, LockLost, StartRefused, WorkerDraining } from './run-errors.js';

/** A job that was in a crashing engine host, or one short of memory, this often is taken to be the cause. */
const maxCrashes = 2;
const beginAgainMs = 1000;
/** Nothing is wrong with the job: another worker can run it. */
const handsBack = [WorkerDraining, EngineClosed, EngineUnusable, EngineKeepsDying] as const;

/**
 * Keeps the engine full: fetches a job whenever there is room, runs it beside the others, and sees it to its end. The
 * order at the end is fixed: upload, then `commit`, then the queue.
 */
export class JobRunner {
  /** Runs in hand and their ends. By run, not by job: a job whose lock was lost may be here twice for a moment. */
  private readonly running = new Map<JobRun, Promise<void>>();
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(private readonly tools: RunTools & { source: JobSource; log: Logger; metrics?: WorkerMetrics }) {}

  start(): void {
    this.tools.source.onLost((job) => {
      this.tools.metrics?.lockLost();
      for (const run of this.running.keys()) if (run.job === job) run.abort(new LockLost('the lock is gone'));
    });
    this.loop = this.fetchJobs();
  }

  cancel(id: string): void {
    for (const run of this.running.keys()) {
      if (run.job.id === id) run.abort(new JobCanceled('the client cancelled the job'));
    }
  }

  /** Fetches no more, hands back what waits for room, lets the rest run for `graceMs`, then hands that back too. */
  async drain(graceMs: number): Promise<void> {
    const reason = new WorkerDraining('the worker shuts down');
    this.stopping.abort();
    await this.tools.source.drain();
    await this.loop;
    for (const run of this.running.keys()) if (!run.started) run.abort(reason);
    const timer = setTimeout(() => {
      for (const run of this.running.keys()) run.abort(reason);
    }, graceMs);
    await Promise.all(this.running.values());
    clearTimeout(timer);
  }

  private async fetchJobs(): Promise<void> {
    const { source, engine, admission, log } = this.tools;
    const stopped = once(this.stopping.signal, 'abort');
    while (!this.stopping.signal.aborted) {
      try {
        await Promise.race([stopped, engine.whenReady().then(() => admission.room())]);
      } catch {
        // The engine cannot be opened any more; the process is about to end for it.
        return;
      }
      const job = await source.next(this.stopping.signal);
      if (!job) continue;
      try {
        await this.begin(job);
      } catch (error) {
        log.error({ err: error, job: job.id }, 'the job could not begin');
        // It comes back at once, being the first of its priority: not faster than this.
        await sleep(beginAgainMs);
        await source.handBack(job).catch(() => undefined);
      }
    }
  }

  /** When this returns, the job's images have asked for room, so that the next look at it counts them. */
  private async begin(job: FetchedJob): Promise<void> {
    if (job.payloadFault !== null) return this.putAside(job, job.payloadFault);
    const record = await this.tools.store.get(job.id);
    if (!record) return this.tools.source.complete(job);
    const run = new JobRun(job, record, this.tools);
    // Lost with its worker too often.
    if (job.deferredFailure !== null) return this.commit(run, failure('worker_lost', job.deferredFailure));
    const { id, model, tenant, traceparent, createdAt } = record;
    const trace = { parent: traceparent ?? undefined, kind: SpanKind.CONSUMER, attributes: { job: id, model, tenant } };
    pastSpan('wait in queue', createdAt, Date.now(), trace);
    const ended = inSpan('run job', trace, () => this.see(run)).finally(() => this.running.delete(run));
    this.running.set(run, ended);
  }

  private async see(run: JobRun): Promise<void> {
    const { source, store, log } = this.tools;
    try {
      await run.finish().then(
        (outcome) => this.commit(run, outcome),
        (error: unknown) => this.end(run, error),
      );
    } catch (error) {
      log.error({ err: error, job: run.job.id }, 'the end of the job could not be written');
      await store.release(run.job.id, run.job.fence).catch(() => false);
      await source.handBack(run.job).catch(() => undefined);
    }
  }

  /** What a failure means for the job. */
  private async end(run: JobRun, error: unknown): Promise<void> {
    const { source, store, log } = this.tools;
    const { job } = run;
    if (error instanceof LockLost) {
      log.warn({ job: job.id }, 'lock lost, its run was dropped');
    } else if (error instanceof StartRefused) {
      // Over; or fetched under a fence too low, from a record in BullMQ that the janitor then makes anew.
      await source.complete(job);
    } else if (error instanceof JobCanceled) {
      await this.commit(run, { state: 'canceled' });
    } else if (error instanceof DeadlinePassed) {
      await this.commit(run, { state: 'expired' });
    } else if (handsBack.some((reason) => error instanceof reason)) {
      await this.handBack(job);
    } else if (error instanceof EngineCrashed || isOutOfMemory(error)) {
      if (isOutOfMemory(error)) this.tools.admission.shrink();
      const crashes = await store.countCrash(job.id, job.fence);
      if (crashes < maxCrashes) await this.handBack(job);
      else await this.commit(run, failure(error.code, `${error.message}, ${crashes} times with this job`));
    } else {
      log.error({ err: error, job: job.id }, 'job failed');
      const known = error instanceof ServiceError ? error : null;
      await this.commit(run, failure(known?.code ?? 'internal', known?.message ?? 'the job failed'));
    }
  }

  private async commit(run: JobRun, outcome: JobOutcome): Promise<void> {
    const { source, store, publisher, log } = this.tools;
    const { job, record } = run;
    // Only a running document can be ended by its worker. A refusal here shows in the commit's.
    await run.start().catch((error: unknown) => {
      if (!(error instanceof StartRefused)) throw error;
    });
    const committed = await store.commit(job.id, job.fence, outcome);
    const state = committed ? outcome.state : (await store.get(job.id))?.state;
    if (state && endedWithoutResult(state)) {
      await publisher.discard(record).catch((error: unknown) => {
        log.warn({ err: error, job: job.id }, 'images of an ended job could not be deleted');
      });
    }
    await source.complete(job);
    const { computeMs, uploadMs, batch } = outcome;
    if (committed) this.tools.metrics?.jobEnded(record, outcome, run.queueMs);
    if (committed) log.info({ computeMs, uploadMs, batch: batch?.max }, `${job.id} ${outcome.state}`);
    else log.warn({ state }, `${job.id}: late result refused`);
  }

  private async putAside(job: FetchedJob, message: string): Promise<void> {
    const { source, store, log } = this.tools;
    log.warn({ job: job.id }, `a job is put aside: ${message}`);
    await store.putAside(job.id, { code: 'payload_unsupported', message });
    await source.putAside(job);
  }

  private async handBack(job: FetchedJob): Promise<void> {
    await this.tools.store.release(job.id, job.fence);
    await this.tools.source.handBack(job);
  }
}

const failure = (code: string, message: string): JobOutcome => ({ state: 'failed', error: { code, message } });

/** The engine lives on, but had not enough memory for its batch. */
const isOutOfMemory = (error: unknown): error is EngineRequestFailed =>
  error instanceof EngineRequestFailed && error.code === 'out_of_memory';
