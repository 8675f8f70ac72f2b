import type { Redis } from 'ioredis';
import type { JobState } from '../contracts/job-states.js';
import { decodeJob } from './job-hash.js';
import { modelOfJob } from './job-id.js';
import type { JobRecord } from './job-record.js';
import { ModelKeys } from './model-keys.js';

export interface JobQuery {
  tenant: string;
  state?: JobState | undefined;
  model?: string | undefined;
  /** The last id of the page before. */
  cursor?: string | undefined;
  limit: number;
}

export interface JobPage {
  jobs: JobRecord[];
  /** Cursor of the next page; null on the last one. */
  next: string | null;
}

/** A filter that matches little must not read a tenant's whole history in one request: the page is then short. */
const maxScanned = 1000;

/** A tenant's jobs, newest first, over all models: each model's index is ordered by id, and ids begin with their time. */
export async function listJobs(redis: Redis, models: readonly string[], query: JobQuery): Promise<JobPage> {
  const asked = query.model === undefined ? models : models.filter((model) => model === query.model);
  const jobs: JobRecord[] = [];
  let cursor = query.cursor;
  for (let scanned = 0; scanned < maxScanned;) {
    const ids = await idsBefore(redis, asked, query, cursor);
    for (const [i, job] of (await readJobs(redis, ids)).entries()) {
      cursor = ids[i];
      if (!job || (query.state !== undefined && job.state !== query.state)) continue;
      jobs.push(job);
      if (jobs.length === query.limit) return { jobs, next: cursor ?? null };
    }
    scanned += ids.length;
    if (ids.length < query.limit) return { jobs, next: null };
  }
  return { jobs, next: cursor ?? null };
}

async function idsBefore(
  redis: Redis,
  models: readonly string[],
  { tenant, limit }: JobQuery,
  cursor: string | undefined,
): Promise<string[]> {
  const before = cursor === undefined ? '+' : `(${cursor}`;
  const perModel = await Promise.all(
    models.map((model) => redis.zrevrangebylex(new ModelKeys(model).index(tenant), before, '-', 'LIMIT', 0, limit)),
  );
  return perModel
    .flat()
    .sort((a, b) => (a < b ? 1 : -1))
    .slice(0, limit);
}

const readJobs = (redis: Redis, ids: readonly string[]): Promise<(JobRecord | null)[]> =>
  Promise.all(ids.map((id) => readJob(redis, id)));

/** The document of a job id, or null: unknown, long over, or no id at all. */
export async function readJob(redis: Redis, id: string): Promise<JobRecord | null> {
  const model = modelOfJob(id);
  if (model === null) return null;
  return decodeJob(Object.entries(await redis.hgetall(new ModelKeys(model).job(id))).flat());
}
