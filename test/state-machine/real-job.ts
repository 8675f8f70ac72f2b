import type { Redis } from 'ioredis';
import { terminalStates, webhookEvents, type TerminalState } from '@app/common/contracts/job-states.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { encodeAccepted } from '@app/common/jobs/job-hash.js';
import { ModelKeys } from '@app/common/jobs/model-keys.js';
import { newJobId } from '@app/common/jobs/job-id.js';
import { accept } from '@app/common/jobs/scripts/accept.lua.js';
import { cancel, endGraceMs } from '@app/common/jobs/scripts/cancel.lua.js';
import { enqueue } from '@app/common/jobs/scripts/enqueue.lua.js';
import { requeue } from '@app/common/jobs/scripts/requeue.lua.js';
import { settle } from '@app/common/jobs/scripts/settle.lua.js';
import { manualWorker, ModelQueues, type BullJob } from '@app/common/queue/model-queue.js';
import { newJob, newModel } from '../support/jobs.js';
import { recoverStalled } from '../support/stalled-check.js';
import type { System } from './system.js';

/** The part of the model that Redis shows. */
export type VisibleSystem = Pick<
  System,
  | 'document'
  | 'fence'
  | 'fenceBase'
  | 'cancelRequested'
  | 'unqueued'
  | 'due'
  | 'leftovers'
  | 'ends'
  | 'place'
  | 'lastFence'
  | 'lock'
>;

const tomorrowMs = 24 * 3600 * 1000;

/** One job in a real Redis, with the real scripts and the real BullMQ, that takes the steps of the model. */
export class RealJob {
  private readonly model = newModel();
  private readonly keys = new ModelKeys(this.model);
  private readonly store: JobStore;
  private readonly queues: ModelQueues;
  private readonly worker: ReturnType<typeof manualWorker>;
  private readonly id = newJobId(this.model);
  private readonly runs = new Map<number, { job: BullJob; token: string; fence: number }>();
  private readonly tokens = new Map<string, number>();

  constructor(
    private readonly redis: Redis,
    private readonly withDeadline: boolean,
  ) {
    this.store = new JobStore(redis, { models: [this.model], ttlMs: tomorrowMs });
    this.queues = new ModelQueues(redis);
    this.worker = manualWorker(this.model, redis);
    this.worker.on('error', () => undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.worker.close(), this.store.close(), this.queues.close()]);
  }

  /** Takes the step that an action of the model names. What only happens in a worker's memory or in storage is nothing here. */
  async take(name: string, run: number): Promise<void> {
    const [, state] = /^commit (\w+)$/.exec(name) ?? [];
    if (state) await this.store.commit(this.id, this.fenceOf(run), { state: state as TerminalState });
    else if (name.startsWith('start')) await this.store.start(this.id, this.fenceOf(run), `run ${run}`);
    else await this.steps[name]?.(run);
  }

  /** What Redis says, in the words of the model. A document that is not there is `gone`. */
  async look(): Promise<VisibleSystem> {
    const { redis, keys, id } = this;
    const queued = keys.queued(id);
    const [[state, fence, fenceBase, canceledAt], unqueued, due, leftovers, events, webhooks, record, active, token] =
      await Promise.all([
        redis.hmget(keys.job(id), 'state', 'fence', 'fenceBase', 'cancelRequestedAt'),
        redis.zscore(keys.unqueued, id),
        redis.zscore(keys.due, id),
        redis.zscore(keys.leftovers, id),
        redis.xrange(keys.events(id), '-', '+'),
        redis.zrange(keys.outbox, '0', '-1'),
        redis.hmget(queued, 'data', 'ats'),
        redis.lpos(`{zq:${this.model}}:jobs:active`, id),
        redis.get(`${queued}:lock`),
      ]);
    const [data, fetches] = record;
    const ends = events.filter(([, fields]) => fields[1] === 'result').length;
    const terminalWebhooks = webhooks.filter((entry) => terminalStates.some((end) => entry.endsWith(`.job.${end}`)));
    if (terminalWebhooks.length !== ends) throw new Error(`${ends} ends, but webhooks ${terminalWebhooks.join()}`);
    return {
      document: (state ?? 'gone') as System['document'],
      fence: Number(fence ?? 0),
      fenceBase: Number(fenceBase ?? 0),
      cancelRequested: Boolean(canceledAt),
      unqueued: unqueued !== null,
      due: due !== null,
      leftovers: leftovers !== null,
      ends,
      place: data ? (active === null ? 'waiting' : 'active') : 'absent',
      lastFence: data ? (JSON.parse(data) as { fenceBase: number }).fenceBase + Number(fetches ?? 0) : 0,
      lock: token === null ? 0 : (this.tokens.get(token) ?? -1),
    };
  }

  private readonly steps: Record<string, (run: number) => Promise<unknown>> = {
    accept: () => {
      const deadlineAt = this.withDeadline ? Date.now() + tomorrowMs : null;
      const job = newJob(this.model, {
        deadlineAt,
        webhook: { url: 'https://example.com', events: [...webhookEvents] },
      });
      return accept.run(this.redis, { ...this.keys.ofJob(this.id), tenantIndex: this.keys.index('acme') }, [
        ...[this.id, 'acme', 'acme:normal', 1, 1, 10, 10, deadlineAt ?? ''],
        ...encodeAccepted({ ...job, id: this.id, ttlMs: tomorrowMs, traceparent: undefined }),
      ]);
    },
    add: () => this.queues.add(this.model, { version: 1, id: this.id, tag: 0, fenceBase: 0 }, 1),
    'note that it is added': () => this.redis.zrem(this.keys.unqueued, this.id),
    cancel: () => cancel.run(this.redis, this.keys.ofJob(this.id)),
    'remove what is cancelled': () => this.queues.remove(this.model, this.id).catch(() => false),
    'remove finished': () => this.queues.remove(this.model, this.id),
    'the deadline passes': async () => {
      await this.redis.hset(this.keys.job(this.id), 'deadlineAt', Date.now() - 1);
    },
    settle: () => settle.run(this.redis, this.keys.ofJob(this.id), [this.id]),
    'settle after the grace period': async () => {
      const job = this.keys.job(this.id);
      for (const field of ['deadlineAt', 'cancelRequestedAt']) {
        const at = await this.redis.hget(job, field);
        if (Number(at) > 0 && Number(at) <= Date.now()) await this.redis.hincrby(job, field, -endGraceMs);
      }
      await settle.run(this.redis, this.keys.ofJob(this.id), [this.id]);
    },
    'add unqueued': () => this.store.enqueue(this.id),
    'the janitor dies after adding': async () => {
      const [, , fenceBase] = (await enqueue.run(this.redis, this.keys.ofJob(this.id), [this.id])) as string[];
      await this.queues.add(this.model, { version: 1, id: this.id, tag: 0, fenceBase: Number(fenceBase) }, 1);
    },
    'discard leftovers': () => this.redis.zrem(this.keys.leftovers, this.id),
    requeue: () => requeue.run(this.redis, this.keys.ofJob(this.id)),
    'recover stalled': () => recoverStalled(this.redis, this.model, this.worker),
    'the lock runs out': () => this.redis.del(`${this.keys.queued(this.id)}:lock`),
    'BullMQ loses the job': async () => {
      const queue = `{zq:${this.model}}:jobs`;
      await this.redis.del(this.keys.queued(this.id), `${this.keys.queued(this.id)}:lock`);
      await this.redis.del(`${queue}:prioritized`, `${queue}:active`, `${queue}:wait`, `${queue}:stalled`);
    },
    'the document outlives its TTL': () => this.redis.del(this.keys.job(this.id)),
    fetch: async (run) => {
      const token = `token ${this.tokens.size}`;
      const job = (await this.worker.getNextJob(token, { block: false })) as BullJob | undefined;
      if (!job) throw new Error('BullMQ has no job to fetch');
      this.tokens.set(token, run);
      this.runs.set(run, { job, token, fence: job.data.fenceBase + job.attemptsStarted });
    },
    release: (run) => this.store.release(this.id, this.fenceOf(run)),
    complete: (run) => this.move(run, ({ job, token }) => job.moveToCompleted(null, token, false)),
    'move to wait': (run) => this.move(run, ({ job, token }) => job.moveToWait(token)),
  };

  private fenceOf(run: number): number {
    return this.runs.get(run)!.fence;
  }

  private async move(run: number, step: (held: { job: BullJob; token: string }) => Promise<unknown>): Promise<void> {
    await step(this.runs.get(run)!).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error)) throw error;
    });
  }
}
