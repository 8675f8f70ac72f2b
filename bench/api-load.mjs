/**
 * The API under load, with the instant engine: event streams that are held open, and POSTs at a fixed rate whatever the answers
 * take. Run by `npm run bench:api -- [--rate N] [--streams N] [--seconds N] [--soak MINUTES]` on a quiet machine; writes its
 * section of bench/RESULTS.md. `--soak 10` goes on at a fifth of the rate and tells how the API's memory grows.
 */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { Fleet, fleetModel } from '../test/fleet/fleet.mjs';
import { residentMb } from '../test/fleet/soak-measures.mjs';
import { percentile, slope, writeSection } from './results-file.mjs';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '500' },
    streams: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    soak: { type: 'string', default: '0' },
  },
});
const [rate, streams, seconds, soakMinutes] = [values.rate, values.streams, values.seconds, values.soak].map(Number);
/** The load is not measured before this: code is compiled, connections open. */
const warmUpSeconds = 5;
const tickMs = 4;
const tokensPerJob = 16;
const small = { model: fleetModel, width: 64, height: 64, steps: 1 };

const fleet = await Fleet.start({
  appendfsync: 'everysec',
  tokenBudget: tokensPerJob * (streams + 64),
  environment: { LOG_LEVEL: 'error', TENANT_REQUESTS_PER_MINUTE: '10000000' },
});
const authorization = `Bearer ${fleet.key}`;
const pool = new Pool(fleet.url, { connections: 128 });

let events = 0;
let open = 0;
let over = false;
/** Follows a job that takes a second a step, so that it tells of each; then the next one. */
async function follow() {
  while (!over) {
    const job = await fleet.generate({ ...small, prompt: 'sleep=1000', steps: 900, seed: 1 });
    await new Promise((resolve, reject) => {
      const request = get(new URL(`/v1/jobs/${job.id}/events`, fleet.url), { headers: { authorization } });
      request.on('response', (response) => {
        open += 1;
        response.on('data', (chunk) => (events += chunk.toString().split('event: ').length - 1));
        response.on('close', () => {
          open -= 1;
          resolve();
        });
      });
      request.on('error', (error) => (over ? resolve() : reject(error)));
    });
  }
}

const body = Buffer.from(JSON.stringify({ ...small, prompt: 'red apple', seed: 7 }));
async function post(dueAt, outcome) {
  try {
    const { statusCode, body: answer } = await pool.request({
      path: '/v1/generations',
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
    });
    await answer.dump();
    if (statusCode !== 202) outcome.refused += 1;
  } catch {
    outcome.refused += 1;
  }
  outcome.latencies.push(performance.now() - dueAt);
}

/** Posts at a rate, each when it is due and never later for an answer that is late; latencies count from then on. */
async function load(perSecond, forSeconds) {
  const outcome = { latencies: [], refused: 0 };
  const pending = [];
  const count = perSecond * forSeconds;
  const startedAt = performance.now();
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) / 1000) * perSecond));
    for (; sent < due; sent += 1) pending.push(post(startedAt + (sent / perSecond) * 1000, outcome));
    await sleep(tickMs);
  }
  await Promise.all(pending);
  return { ...outcome, tookSeconds: (performance.now() - startedAt) / 1000 };
}

const ticksPerSecond = 100;
/** CPU seconds that a process has used, all threads. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

const followers = Array.from({ length: streams }, follow);
while (open < streams) await sleep(50);
await load(rate, warmUpSeconds);

const processes = { API: fleet.api.pid, worker: fleet.workers[0].pid, Redis: fleet.redisServer.process.pid };
const cpuOf = () => Object.entries(processes).map(([name, pid]) => [name, cpuSeconds(pid)]);
const [cpuBefore, eventsBefore] = [cpuOf(), events];
const { latencies, refused, tookSeconds } = await load(rate, seconds);
const eventsPerSecond = (events - eventsBefore) / tookSeconds;
const cpu = cpuOf().map(([name, used], i) => {
  const busy = used - cpuBefore[i][1];
  return `${name} ${((100 * busy) / tookSeconds).toFixed(0)} % of a core`;
});
const apiMsPerPost = (1000 * (cpuOf()[0][1] - cpuBefore[0][1])) / latencies.length;
const ms = (share) => `${percentile(latencies, share).toFixed(1)} ms`;

/** The heap in use, in megabytes, as the API itself tells. */
async function heapMb() {
  const metrics = await (await fetch(new URL('/metrics', fleet.url))).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)[1]) / 2 ** 20;
}

let soak = '';
if (soakMinutes > 0) {
  const windows = 10;
  const resident = [];
  const heapFloors = [];
  const sampling = (async () => {
    const windowMs = (soakMinutes * 60_000) / windows;
    for (let window = 1; window <= windows; window += 1) {
      let floor = Infinity;
      for (const end = performance.now() + windowMs; performance.now() < end; await sleep(250)) {
        floor = Math.min(floor, await heapMb());
      }
      const atMinutes = (window * windowMs) / 60_000;
      heapFloors.push([atMinutes, floor]);
      resident.push([atMinutes, residentMb(fleet.api.pid)]);
    }
  })();
  await Promise.all([load(rate / 5, soakMinutes * 60), sampling]);
  // The first fifth: the heap still finds its size.
  const steady = (points) => points.slice(windows / 5);
  const told = (points) =>
    `${steady(points)[0][1].toFixed(0)} MB after a fifth of that time, ${points.at(-1)[1].toFixed(0)} MB at the end, slope ${slope(steady(points)).toFixed(2)} MB a minute`;
  soak = `

${soakMinutes} minutes more at ${rate / 5} POST/s with the same streams. The API's heap, at its lowest in each tenth of that time (what no collection frees): ${told(heapFloors)}. Its resident memory: ${told(resident)}.`;
}

over = true;
await pool.close();
await fleet.stop();
await Promise.allSettled(followers);

writeSection(
  'api',
  `## API under load

Instant engine; API, sender, worker, Redis and the clients all on this machine. ${streams} event streams are open, each of a running job that tells a step a second (${eventsPerSecond.toFixed(0)} events/s arrived), while ${rate} POST/s come for ${seconds} s, whatever the answers take. Made by \`npm run bench:api\`.

| POST /v1/generations, from when it was due to its answer | |
|---|---|
| median | ${ms(0.5)} |
| p95 | ${ms(0.95)} |
| p99 | ${ms(0.99)} |
| longest | ${ms(1)} |

${latencies.length} sent, ${refused} not accepted, all answered ${(tookSeconds - seconds).toFixed(1)} s after the last was due. CPU time: ${cpu.join(', ')}; ${apiMsPerPost.toFixed(2)} ms of the API for a POST and its share of the streams.${soak}`,
);
