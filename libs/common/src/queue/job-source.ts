import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeldLocks } from './held-locks.js';
import { lockMs, manualWorker, type BullJob } from './model-queue.js';
import { payloadFault, type QueuedJob } from './queued-job.js';

/** A job in this worker's hands, under a lock that the source renews until the job is completed, handed back or lost. */
export interface FetchedJob {
  readonly id: string;
  /** Rises with every fetch of the job: goes into `start`, `progress`, `commit` and `release`. */
  readonly fence: number;
  /** Set when the job stalled more often than allowed: commit it failed and complete it. */
  readonly deferredFailure: string | null;
  /** Set when another build made the payload, and this one cannot read it: put it aside. */
  readonly payloadFault: string | null;
}

interface Held extends FetchedJob {
  readonly token: string;
  readonly job: BullJob;
}

/** Until another worker, perhaps a newer one, may fetch a job that this one cannot read. */
const putAsideMs = 30_000;
/** A fetch that took longer may have met an outage: its lock may be as old as the call. */
const confirmAfterMs = 3_000;

/** BullMQ's answers to a worker whose lock ran out or went to another fetch. */
const lockErrors = new Set([-1, -2, -6]);

/** Fetches the jobs of one model by hand, so that a running batch can take them when it has room. */
export class JobSource {
  private readonly worker: Worker<QueuedJob, null, 'job'>;
  private readonly held = new Map<string, Held>();
  private readonly locks: HeldLocks;
  private fetches = 0;
  private draining = false;
  private fetching: Promise<unknown> = Promise.resolve();
  private lostListener: (job: FetchedJob) => void = () => undefined;

  /** `connection` as {@link workerConnection} makes it; `workerId` unique among all workers, ever. */
  constructor(
    connection: Redis,
    model: string,
    private readonly workerId: string,
  ) {
    this.worker = manualWorker(model, connection);
    // Connection errors are BullMQ's to retry; the self-fence is what ends work that Redis cannot confirm.
    this.worker.on('error', () => undefined);
    this.locks = new HeldLocks(
      (ids, tokens, lockMs) => this.worker.extendJobLocks(ids, tokens, lockMs),
      (id) => this.lose(id),
    );
  }

  /** Also recovers the orphans of dead workers, as the janitor does. */
  async open(): Promise<void> {
    await this.worker.waitUntilReady();
    await this.worker.startStalledCheckTimer();
    this.locks.open();
  }

  /** Called once for each job whose lock is gone, or could not be renewed in time: drop its work, it is no longer ours. */
  onLost(listener: (job: FetchedJob) => void): void {
    this.lostListener = listener;
  }

  /**
   * The next job in priority order; waits for one. Null after an abort or {@link drain}: a job that a blocked fetch still
   * brings then is handed back. One call at a time.
   */
  async next(signal?: AbortSignal): Promise<FetchedJob | null> {
    const over = (): boolean => this.draining || signal?.aborted === true;
    while (!over()) {
      const fetch = this.fetch();
      this.fetching = fetch.catch(() => undefined);
      let fetched: Held | null;
      try {
        fetched = await fetch;
      } catch {
        await sleep(200);
        continue;
      }
      if (!fetched) continue;
      if (!over()) return fetched;
      await this.handBack(fetched);
    }
    return null;
  }

  /** After `commit`, or when `start` was refused on a terminal document. A lock that is gone does no harm here. */
  async complete(fetched: FetchedJob): Promise<void> {
    await this.finish(fetched, ({ job, token }) => job.moveToCompleted(null, token, false));
  }

  /** After `release`: the job goes to the front of its own priority. */
  async handBack(fetched: FetchedJob): Promise<void> {
    await this.finish(fetched, ({ job, token }) => job.moveToWait(token));
  }

  /** The job waits for a worker that can read it, this one being none; it keeps its place in line. */
  async putAside(fetched: FetchedJob): Promise<void> {
    await this.finish(fetched, ({ job, token }) => job.moveToDelayed(Date.now() + putAsideMs, token));
  }

  /** No job is fetched from now on; resolves when the blocked fetch is over. Held jobs stay held and renewed. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.worker.pause(true);
    await this.fetching;
  }

  /** After {@link drain}, when nothing is held any more: BullMQ does not wait for jobs fetched by hand. */
  async close(): Promise<void> {
    this.draining = true;
    this.locks.close();
    await this.worker.close();
  }

  private async fetch(): Promise<Held | null> {
    // A fresh token for every fetch: with one for the worker, a worker that fetched its own lost job again could complete
    // it from the stale run.
    const token = `${this.workerId}:${this.fetches++}`;
    const fetchedAt = Date.now();
    const job = (await this.worker.getNextJob(token)) as BullJob | undefined;
    if (!job?.id) return null;
    const lockedAt = await this.confirmLock(job.id, token, fetchedAt);
    if (lockedAt === null) return null;
    const fault = payloadFault(job.data);
    const fetched: Held = {
      id: job.id,
      fence: fault === null ? job.data.fenceBase + job.attemptsStarted : 0,
      deferredFailure: job.deferredFailure || null,
      payloadFault: fault,
      token,
      job,
    };
    this.held.set(fetched.id, fetched);
    this.locks.hold(fetched.id, token, lockedAt);
    return fetched;
  }

  /** Since when the lock is ours for certain; null when it is gone. */
  private async confirmLock(id: string, token: string, fetchedAt: number): Promise<number | null> {
    if (Date.now() - fetchedAt < confirmAfterMs) return fetchedAt;
    const askedAt = Date.now();
    const gone = await this.worker.extendJobLocks([id], [token], lockMs);
    return gone.includes(id) ? null : askedAt;
  }

  private async finish(fetched: FetchedJob, move: (held: Held) => Promise<unknown>): Promise<void> {
    const held = this.held.get(fetched.id);
    // Lost meanwhile, perhaps even fetched again: that fetch is another job to whoever calls.
    if (held?.fence !== fetched.fence) return;
    try {
      await move(held);
    } catch (error) {
      if (!isLockError(error)) throw error;
    } finally {
      this.locks.release(held.id, held.token);
      if (this.held.get(held.id) === held) this.held.delete(held.id);
    }
  }

  private lose(id: string): void {
    const held = this.held.get(id);
    if (!held) return;
    this.held.delete(id);
    this.lostListener(held);
  }
}

const isLockError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && lockErrors.has(error.code);
