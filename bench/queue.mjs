/**
 * The queue without the engine's work: jobs a second, Redis' CPU, commands, bytes and memory for a job, added latency. Run by
 * `npm run bench:queue -- [--jobs N] [--queued N]` on a quiet machine; writes its section of bench/RESULTS.md.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { JobStore } from '../dist/libs/common/src/jobs/job-store.js';
import { QueueRebase } from '../dist/libs/common/src/jobs/queue-rebase.js';
import { workerConnection } from '../dist/libs/common/src/queue/connection.js';
import { JobSource } from '../dist/libs/common/src/queue/job-source.js';
import { ModelQueues } from '../dist/libs/common/src/queue/model-queue.js';
import { Fleet, fleetModel } from '../test/fleet/fleet.mjs';
import { busyRedis } from './busy-redis.mjs';
import { fill, openReceiver, openRedis, redisUse, until } from './queue-jobs.mjs';
import { median, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({
  options: { jobs: { type: 'string', default: '2000' }, queued: { type: 'string', default: '100000' } },
});
const [jobs, queued] = [Number(flags.jobs), Number(flags.queued)];
const open = `{zq:${fleetModel}}:open`;

/** The whole life of that many jobs, from acceptance to webhook; they wait already when so many workers come. */
async function drain(workers) {
  const receiver = await openReceiver();
  const fleet = await Fleet.start({ workers: 0, appendfsync: 'everysec', environment: { LOG_LEVEL: 'error' } });
  const store = new JobStore(fleet.redis, { models: [fleetModel] });
  const before = await redisUse(fleet.redis);
  await fill(store, jobs, 4, { url: receiver.url, events: ['job.succeeded'] });
  await Promise.all(Array.from({ length: workers }, () => fleet.addWorker()));
  const waiting = await fleet.redis.zcard(open);
  const from = performance.now();
  await until(async () => (await fleet.redis.zcard(open)) === 0);
  const jobsPerSecond = waiting / ((performance.now() - from) / 1000);
  await until(() => receiver.count >= jobs);
  const after = await redisUse(fleet.redis);
  await store.close();
  await fleet.stop();
  receiver.close();
  const perJob = (field) => (after[field] - before[field]) / jobs;
  return { workers, jobsPerSecond, cpuUs: perJob('cpuUs'), commands: perJob('commands'), bytes: perJob('bytes') };
}

/** From POST to result, one job of one step at a time, on an engine that takes no time: all of it is added. */
async function latency() {
  const fleet = await Fleet.start({ appendfsync: 'everysec', environment: { LOG_LEVEL: 'error' } });
  const samples = [];
  for (let i = 0; i < 220; i++) {
    const startedAt = performance.now();
    const response = await fleet.post({ steps: 1, seed: i }, { headers: { prefer: 'wait=10' } });
    const { timings } = await response.json();
    const added = performance.now() - startedAt;
    const { queue_ms: queue, compute_ms: engineHost, upload_ms: upload } = timings;
    samples.push({ added, queue, engineHost, upload, rest: added - queue - engineHost - upload });
  }
  await fleet.stop();
  const warm = samples.slice(20);
  return Object.fromEntries(Object.keys(warm[0]).map((part) => [part, median(warm.map((sample) => sample[part]))]));
}

/** Redis' memory for a waiting job, how long a fetch takes at that length and number of tenants, and a rebase of all. */
async function waiting(count, tenants, settings = {}) {
  const server = await openRedis();
  const redis = workerConnection(server.url);
  for (const [name, value] of Object.entries(settings)) await redis.config('SET', name, value);
  const store = new JobStore(redis, { models: [fleetModel] });
  await fill(store, 10, tenants);
  const before = await redisUse(redis);
  await fill(store, count, tenants);
  const bytes = ((await redisUse(redis)).memoryBytes - before.memoryBytes) / count;

  const fetching = workerConnection(server.url);
  const source = new JobSource(fetching, fleetModel, 'bench');
  const fetchMs = [];
  for (let i = 0; i < Math.min(300, count); i++) {
    const startedAt = performance.now();
    const job = await source.next();
    fetchMs.push(performance.now() - startedAt);
    await store.start(job.id, job.fence, 'bench');
    await store.commit(job.id, job.fence, { state: 'succeeded', images: [] });
    await source.complete(job);
  }
  const rebasedFrom = performance.now();
  await new QueueRebase(redis, new ModelQueues(redis), fleetModel, 0).run();
  const rebaseS = (performance.now() - rebasedFrom) / 1000;
  await source.drain();
  await source.close();
  await store.close();
  fetching.disconnect();
  redis.disconnect();
  await server.close();
  return { count, tenants, bytes, fetchMs: median(fetchMs), rebaseS };
}

const drained = [];
for (const workers of [1, 2, 4]) drained.push(await drain(workers));
const added = await latency();
const lengths = [await waiting(queued / 100, 1), await waiting(queued, 1), await waiting(queued, 1000)];
const redisDefaults = { 'hash-max-listpack-value': '64', 'stream-node-max-bytes': '4096' };
const { alone, whole, ratio } = await busyRedis(jobs, 5);
const byDefault = await waiting(queued / 10, 1, redisDefaults);

const ms = (value) => `${value.toFixed(1)} ms`;
writeSection(
  'queue',
  `## The queue

Instant engine, one step a job, ${jobs} jobs that wait when the workers come; everything on this machine. Redis' figures are for a job's
whole life: accepted, queued, run with its document and events, told by a webhook with its log. Commands count those inside scripts.

| workers | jobs/s | Redis CPU a job | jobs/s that a Redis core has CPU for | commands a job | bytes a job to and from Redis |
|---|---|---|---|---|---|
${drained.map(({ workers, jobsPerSecond, cpuUs, commands, bytes }) => `| ${workers} | ${jobsPerSecond.toFixed(0)} | ${cpuUs.toFixed(0)} µs | ${(1e6 / cpuUs).toFixed(0)} | ${commands.toFixed(0)} | ${bytes.toFixed(0)} |`).join('\n')}

The same with a Redis that has more to do: fifty jobs in flight from one process, without API, engine and HTTP; in turns with what
BullMQ takes alone, medians of 5 rounds.

| | Redis CPU a job | over BullMQ alone | jobs/s | of the time, Redis is at work |
|---|---|---|---|---|
| BullMQ alone: added, fetched, completed | ${alone.cpuUs.toFixed(0)} µs | 1 | ${alone.jobsPerSecond.toFixed(0)} | ${(100 * alone.busy).toFixed(0)} % |
| the whole life | ${whole.cpuUs.toFixed(0)} µs | ${ratio.toFixed(2)} | ${whole.jobsPerSecond.toFixed(0)} | ${(100 * whole.busy).toFixed(0)} % |

Added latency, POST to result, one job at a time, medians of 200: ${ms(added.added)}; of it in the queue ${ms(added.queue)}, the worker's start
and the engine host's process ${ms(added.engineHost)}, upload ${ms(added.upload)}, HTTP and the way back ${ms(added.rest)}.

| jobs waiting | tenants | Redis memory a job | one fetch, median | a rebase of all |
|---|---|---|---|---|
${lengths.map(({ count, tenants, bytes, fetchMs, rebaseS }) => `| ${count} | ${tenants} | ${bytes.toFixed(0)} B | ${fetchMs.toFixed(2)} ms | ${rebaseS.toFixed(1)} s |`).join('\n')}

With Redis' default for compact hashes (docs/operations.md, Redis) a waiting job takes ${byDefault.bytes.toFixed(0)} B.`,
);
