import { queuePrefix } from '../queue/queue-names.js';

/** What scripts over one job call their keys. */
export const jobKeyNames = [
  'job',
  'events',
  'open',
  'tenants',
  'backlog',
  'unqueued',
  'due',
  'outbox',
  'fair',
  'leftovers',
  'cancels',
  'queued',
  'tenantIndex',
] as const;
export type JobKeyName = (typeof jobKeyNames)[number];
/** `tenantIndex` where a script asks for it. */
export type JobKeys = Record<Exclude<JobKeyName, 'tenantIndex'>, string> & { tenantIndex?: string };

/** The Redis keys of one model. They share one hash tag, so that every script stays in one Cluster slot. */
export class ModelKeys {
  private readonly prefix: string;

  constructor(readonly model: string) {
    this.prefix = queuePrefix(model);
  }

  /** Hash: the job document. */
  job(id: string): string {
    return `${this.prefix}:job:${id}`;
  }

  /** Stream: what happened to a job since its first start. */
  events(id: string): string {
    return `${this.prefix}:events:${id}`;
  }

  /** List: the attempts to deliver a job's webhooks. */
  deliveries(id: string): string {
    return `${this.prefix}:deliveries:${id}`;
  }

  /** Sorted set, all scores 0: the ids of a tenant's jobs, in order of creation. */
  index(tenant: string): string {
    return `${this.prefix}:index:${tenant}`;
  }

  /** Hash: open (queued or running) jobs by tenant. */
  get tenants(): string {
    return `${this.prefix}:tenants`;
  }

  /** Sorted set: open jobs, by cost in work units. */
  get open(): string {
    return `${this.prefix}:open`;
  }

  /** Number: the work units of all open jobs. */
  get backlog(): string {
    return `${this.prefix}:backlog`;
  }

  /** Sorted set: accepted jobs that BullMQ does not have yet, by time of acceptance. */
  get unqueued(): string {
    return `${this.prefix}:unqueued`;
  }

  /** Sorted set: jobs by the time at which the janitor has to look at them (deadline, or an unanswered cancel). */
  get due(): string {
    return `${this.prefix}:due`;
  }

  /** Sorted set: jobs that ended without a result after an attempt, by the time to delete what it left in storage. */
  get leftovers(): string {
    return `${this.prefix}:leftovers`;
  }

  /** Sorted set: webhooks to be sent, `<job>.<event>`, by time. */
  get outbox(): string {
    return `${this.prefix}:outbox`;
  }

  /** Hash: `v`, `base` and each flow's finish tag of the fair queue. */
  get fair(): string {
    return `${this.prefix}:fair`;
  }

  /** Marker: jobs may stand at places counted from an earlier base. */
  get rebasing(): string {
    return `${this.prefix}:rebasing`;
  }

  /** Channel: ids of running jobs that shall stop. */
  get cancels(): string {
    return `${this.prefix}:cancels`;
  }

  /** BullMQ's own hash of a job. */
  queued(id: string): string {
    return `${this.prefix}:jobs:${id}`;
  }

  /** What scripts over one job may touch. */
  ofJob(id: string): JobKeys {
    const { open, tenants, backlog, unqueued, due, outbox, fair, leftovers, cancels } = this;
    const shared = { open, tenants, backlog, unqueued, due, outbox, fair, leftovers, cancels };
    return { ...shared, job: this.job(id), events: this.events(id), queued: this.queued(id) };
  }
}
