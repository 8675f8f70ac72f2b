import type { Redis } from 'ioredis';
import { z } from 'zod';

/** A worker as it reports itself. */
export const WorkerReport = z.strictObject({
  id: z.string(),
  model: z.string(),
  host: z.string(),
  pid: z.int(),
  /** `opening`: it loads the checkpoint, at its start or because its engine host died. */
  state: z.enum(['opening', 'serving', 'draining']),
  /** How often its engine host died, and of what it did last. */
  engineDeaths: z.int(),
  lastEngineDeath: z.string().nullable(),
  /** Image tokens × guidance passes in its engine. */
  tokensInFlight: z.int(),
  /** How many may be in it, as it measured when it opened. */
  tokenBudget: z.int(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
});
export type WorkerReport = z.infer<typeof WorkerReport>;

export const reportEveryMs = 5_000;
/** A worker that is silent for so long is not counted. */
const liveMs = 15_000;

const keyOf = (model: string): string => `zq:workers:${model}`;

/** The workers that live now, by model: a hash of their last reports, each with the time until which it holds. */
export class WorkerRegistry {
  constructor(private readonly redis: Redis) {}

  async report(worker: WorkerReport): Promise<void> {
    const key = keyOf(worker.model);
    await this.redis.hset(key, worker.id, JSON.stringify({ until: Date.now() + liveMs, worker }));
    await this.redis.pexpire(key, liveMs);
  }

  async remove({ model, id }: Pick<WorkerReport, 'model' | 'id'>): Promise<void> {
    await this.redis.hdel(keyOf(model), id);
  }

  /** Those of a model, oldest first. Dead ones that are found are dropped. */
  async list(model: string): Promise<WorkerReport[]> {
    const live: WorkerReport[] = [];
    for (const [id, json] of Object.entries(await this.redis.hgetall(keyOf(model)))) {
      const { until, worker } = z.object({ until: z.number(), worker: WorkerReport }).parse(JSON.parse(json));
      if (until > Date.now()) live.push(worker);
      else await this.remove({ model, id });
    }
    return live.sort((a, b) => a.startedAt - b.startedAt || a.id.localeCompare(b.id));
  }
}
