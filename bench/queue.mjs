/**
 * The queue without the engine's work: jobs a second, Redis' CPU and memory for a job, added latency. Run by
 * `npm run bench:queue -- [--jobs N] [--queued N]` on a quiet machine; writes its section of bench/RESULTS.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { JobStore } from '../dist/libs/common/src/jobs/job-store.js';
import { workerConnection } from '../dist/libs/common/src/queue/connection.js';
import { JobSource } from '../dist/libs/common/src/queue/job-source.js';
import { Fleet, fleetModel } from '../test/fleet/fleet.mjs';

const { values: flags } = parseArgs({
  options: { jobs: { type: 'string', default: '2000' }, queued: { type: 'string', default: '100000' } },
});
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const info = async (redis, section, field) =>
  Number(new RegExp(`${field}:([0-9.]+)`).exec(await redis.info(section))?.[1]);
const redisCpuUs = async (redis) =>
  1e6 * ((await info(redis, 'cpu', 'used_cpu_user')) + (await info(redis, 'cpu', 'used_cpu_sys')));

const newJob = (tenant, webhook) => ({
  tenant,
  kind: 'generation',
  model: fleetModel,
  request: {
    prompt: 'red apple',
    negative_prompt: null,
    width: 256,
    height: 256,
    steps: 1,
    guidance_scale: 0,
    cfg_normalization: false,
    cfg_truncation: 1,
    seed: 42,
    n: 1,
    output: { format: 'png', embed_parameters: false },
    batch: true,
    preview_every: 0,
  },
  priority: 'normal',
  weight: 1,
  cost: 0.05,
  metadata: {},
  webhook,
  putUrls: [],
  deadlineAt: null,
  caps: { tenantJobs: 1e9, queueJobs: 1e9 },
});

/** Accepts that many jobs, 50 at a time, over `tenants` tenants. */
async function fill(store, count, tenants, webhook = null) {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await store.accept(newJob(`tenant-${i % tenants}`, webhook));
  };
  await Promise.all(Array.from({ length: 50 }, lane));
}

async function until(holds) {
  while (!(await holds())) await sleep(10);
}

/** Jobs that wait already are drained by so many workers, each with a webhook to a receiver on this machine. */
async function drain(workers, count) {
  let received = 0;
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => {
      received += 1;
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${receiver.address().port}/`;
  const fleet = await Fleet.start({ workers: 0, appendfsync: 'everysec', environment: { LOG_LEVEL: 'error' } });
  const store = new JobStore(fleet.redis, { models: [fleetModel] });
  const cpuBefore = await redisCpuUs(fleet.redis);
  await fill(store, count, 4, { url, events: ['job.succeeded'] });
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: workers }, () => fleet.addWorker()));
  const upMs = performance.now() - startedAt;
  const openAtUp = await fleet.redis.zcard(`{zq:${fleetModel}}:open`);
  const from = performance.now();
  await until(async () => (await fleet.redis.zcard(`{zq:${fleetModel}}:open`)) === 0);
  const jobsPerSecond = openAtUp / ((performance.now() - from) / 1000);
  await until(() => received >= count);
  const cpuUs = ((await redisCpuUs(fleet.redis)) - cpuBefore) / count;
  await store.close();
  await fleet.stop();
  receiver.close();
  receiver.closeAllConnections();
  return { workers, upMs, jobsPerSecond, cpuUs };
}

/** From POST to result with one job at a time, less the engine's time. */
async function latency() {
  const fleet = await Fleet.start({ appendfsync: 'everysec', environment: { LOG_LEVEL: 'error' } });
  const samples = [];
  for (let i = 0; i < 110; i++) {
    const startedAt = performance.now();
    const response = await fleet.post({ steps: 1, seed: i }, { headers: { prefer: 'wait=10' } });
    const job = await response.json();
    const tookMs = performance.now() - startedAt;
    const { queue_ms: queue, compute_ms: compute, upload_ms: upload } = job.timings;
    samples.push({ added: tookMs - compute, queue, upload, rest: tookMs - compute - queue - upload });
  }
  await fleet.stop();
  const warm = samples.slice(10);
  return Object.fromEntries(Object.keys(warm[0]).map((part) => [part, median(warm.map((sample) => sample[part]))]));
}

/** Redis' memory for a waiting job, and how long a fetch takes at a length and number of tenants. */
async function waiting(count, tenants) {
  const fleet = await Fleet.start({ workers: 0, appendfsync: 'everysec' });
  await fleet.sender.stop();
  const store = new JobStore(fleet.redis, { models: [fleetModel] });
  await fill(store, 10, tenants);
  const before = await info(fleet.redis, 'memory', 'used_memory');
  await fill(store, count, tenants);
  const bytes = ((await info(fleet.redis, 'memory', 'used_memory')) - before) / count;
  const connection = workerConnection(fleet.redisUrl);
  const source = new JobSource(connection, fleetModel, 'bench');
  const fetchMs = [];
  for (let i = 0; i < 200; i++) {
    const startedAt = performance.now();
    const job = await source.next();
    fetchMs.push(performance.now() - startedAt);
    await source.complete(job);
  }
  await source.drain();
  await source.close();
  connection.disconnect();
  await store.close();
  await fleet.stop();
  return { count, tenants, bytes, fetchMs: median(fetchMs) };
}

const drained = [];
for (const workers of [1, 2, 4]) drained.push(await drain(workers, Number(flags.jobs)));
const added = await latency();
const lengths = [];
const queued = Number(flags.queued);
for (const [count, tenants] of [
  [Math.round(queued / 100), 1],
  [queued, 1],
  [queued, 1000],
])
  lengths.push(await waiting(count, tenants));

const ms = (value) => value.toFixed(2);
const text = `## Queue

${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; instant engine, one step a job, everything on this machine.
Made by \`npm run bench:queue\`.

| workers | jobs/s | Redis CPU per job with document, events and webhook, µs |
| --- | --- | --- |
${drained.map(({ workers, jobsPerSecond, cpuUs }) => `| ${workers} | ${jobsPerSecond.toFixed(0)} | ${cpuUs.toFixed(0)} |`).join('\n')}

Added latency, POST to result less compute, one job at a time, medians: ${ms(added.added)} ms, of which in the queue
${ms(added.queue)} ms, upload ${ms(added.upload)} ms, HTTP and the way back ${ms(added.rest)} ms.

| jobs waiting | tenants | Redis memory per job, bytes | one fetch, ms (median) |
| --- | --- | --- | --- |
${lengths.map((row) => `| ${row.count} | ${row.tenants} | ${row.bytes.toFixed(0)} | ${ms(row.fetchMs)} |`).join('\n')}
`;
console.log(text);
const [begin, end] = ['<!-- queue -->', '<!-- /queue -->'];
const file = new URL('RESULTS.md', import.meta.url);
const results = readFileSync(file, 'utf8');
const section = `${begin}\n${text}${end}`;
writeFileSync(
  file,
  results.includes(begin)
    ? results.slice(0, results.indexOf(begin)) + section + results.slice(results.indexOf(end) + end.length)
    : `${results.trimEnd()}\n\n${section}\n`,
);
