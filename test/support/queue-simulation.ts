import type { Redis } from 'ioredis';
import { JobStore, type NewJob } from '@app/common/jobs/job-store.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { JobSource, type FetchedJob } from '@app/common/queue/job-source.js';
import { newJob, newModel } from './jobs.js';

/** A job that a simulated client posts. */
export interface Arrival {
  atMs: number;
  job: Partial<NewJob>;
  serviceMs: number;
}

/** What became of an arrival, in simulated milliseconds. `flow`: tenant and class. */
export interface Served {
  id: string;
  flow: string;
  cost: number;
  /** Start tag of the fair queue. */
  tag: number;
  postedMs: number;
  startedMs: number;
  finishedMs: number;
}

interface Waiting extends Omit<Served, 'startedMs' | 'finishedMs'> {
  serviceMs: number;
}

interface Running {
  fetched: FetchedJob;
  served: Served;
}

/**
 * The queue as it is (scripts, BullMQ, fetching by hand, all on a real Redis) under a clock of its own: the time of a run is
 * imagined, so that minutes of load pass in seconds, and no result depends on how busy the machine is.
 */
export class QueueSimulation {
  readonly model = newModel();
  readonly jobs: JobStore;
  readonly keys = new ModelKeys(this.model);
  /** In the order of their start. */
  readonly served: Served[] = [];
  /** Starts at which a job stood in line before the one that was taken: a place is one whole step of the start tags. */
  outOfOrder = 0;
  nowMs = 0;
  private readonly waiting = new Map<string, Waiting>();
  private running: Running[] = [];
  private readonly connection: Redis;
  private readonly source: JobSource;

  /** `slots`: how many jobs run at once. */
  constructor(
    private readonly redis: Redis,
    url: string,
    private readonly slots: number,
  ) {
    this.jobs = new JobStore(redis, { models: [this.model] });
    this.connection = workerConnection(url);
    this.source = new JobSource(this.connection, this.model, 'simulation');
  }

  /** Posts a job now and returns its id. Throws what `accept` throws. */
  async post(job: Partial<NewJob>, serviceMs: number): Promise<string> {
    const { record } = await this.jobs.accept(
      newJob(this.model, { caps: { tenantJobs: 1e9, queueJobs: 1e9 }, ...job }),
    );
    const { id, tenant, priority, cost } = record;
    const tag = Number(await this.redis.hget(this.keys.job(id), 'tag'));
    this.waiting.set(id, { id, flow: `${tenant}:${priority}`, cost, tag, postedMs: this.nowMs, serviceMs });
    return id;
  }

  /** Posts that many equal jobs now, in one go. */
  postMany(count: number, job: Partial<NewJob>, serviceMs: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, () => this.post(job, serviceMs)));
  }

  async cancel(id: string): Promise<void> {
    await this.jobs.cancel(id);
    this.waiting.delete(id);
  }

  /** Lets the time go on to `untilMs`, with arrivals in the order of their time. */
  async run(untilMs: number, arrivals: readonly Arrival[]): Promise<void> {
    for (const { atMs, job, serviceMs } of arrivals) {
      await this.finishRuns(atMs);
      this.nowMs = atMs;
      await this.post(job, serviceMs);
    }
    await this.finishRuns(untilMs);
    this.nowMs = untilMs;
  }

  /** Starts that many jobs, however long it takes, and returns them. */
  async serve(count: number): Promise<Served[]> {
    const before = this.served.length;
    await this.finishRuns(Infinity, before + count);
    return this.served.slice(before);
  }

  async close(): Promise<void> {
    await this.source.drain();
    await this.source.close();
    this.connection.disconnect();
    await this.jobs.close();
  }

  /** Every run that ends by then makes room for the next job; until `starts` jobs have begun. */
  private async finishRuns(untilMs: number, starts = Infinity): Promise<void> {
    for (;;) {
      while (this.running.length < this.slots && this.waiting.size > 0 && this.served.length < starts)
        await this.startNext();
      const [first] = this.running.toSorted((a, b) => a.served.finishedMs - b.served.finishedMs);
      if (!first || first.served.finishedMs > untilMs || this.served.length >= starts) return;
      this.nowMs = first.served.finishedMs;
      this.running = this.running.filter((run) => run !== first);
      await this.jobs.commit(first.fetched.id, first.fetched.fence, { state: 'succeeded', images: [] });
      await this.source.complete(first.fetched);
    }
  }

  private async startNext(): Promise<void> {
    const fetched = await this.source.next();
    const job = fetched && this.waiting.get(fetched.id);
    if (!job) throw new Error('the queue gave a job that does not wait');
    this.waiting.delete(job.id);
    if (this.isOvertaking(job)) this.outOfOrder += 1;
    await this.jobs.start(job.id, fetched.fence, 'simulation');
    const served = { ...job, startedMs: this.nowMs, finishedMs: this.nowMs + job.serviceMs };
    this.served.push(served);
    this.running.push({ fetched, served });
  }

  private isOvertaking({ tag }: Waiting): boolean {
    for (const other of this.waiting.values()) if (Math.floor(other.tag) < Math.floor(tag)) return true;
    return false;
  }
}
