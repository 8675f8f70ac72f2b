/**
 * Open-loop load: Poisson arrivals of mixed sizes and steps, the same for each contestant and on the same engine. Step-level
 * batching against static batches (what waits and is like the oldest, up to four, to its common end) and one at a time. Run
 * by `npm run bench`, or alone: `node bench/cpu-load.mjs [--load 0.7] [--seconds 40]` after `npm run build`.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { arrivals, kinds, request } from './request-mix.mjs';
import { median, percentile, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({
  options: { load: { type: 'string', default: '0.7' }, seconds: { type: 'string', default: '40' } },
});
const load = Number(flags.load);
const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const engine = await openEngine({ checkpoint, tokenBudget: 8192 });

/** A server that runs up to `atMost` requests like the oldest one together, and takes no other until all have ended. */
function inTurns(atMost) {
  const waiting = [];
  let working = false;
  const work = async () => {
    working = true;
    while (waiting.length > 0) {
      const [{ asked: oldest }] = waiting;
      const batch = waiting
        .filter(({ asked }) => asked.width === oldest.width && asked.steps === oldest.steps)
        .slice(0, atMost);
      for (const taken of batch) waiting.splice(waiting.indexOf(taken), 1);
      await Promise.all(batch.map(({ asked }) => engine.run(asked)));
      for (const { resolve } of batch) resolve();
    }
    working = false;
  };
  return (asked) =>
    new Promise((resolve) => {
      waiting.push({ asked, resolve });
      if (!working) void work();
    });
}

const contestants = {
  'step-level batching': () => (asked) => engine.run(asked),
  'static batches': () => inTurns(4),
  'one at a time': () => inTurns(1),
};

/** Latencies in ms by kind, and images a second from the first arrival to the last end. */
async function serve(run, trace) {
  const startedAt = performance.now();
  const latencies = await Promise.all(
    trace.map(async ({ atMs, kind, request: asked }) => {
      await sleep(atMs);
      const arrivedAt = startedAt + atMs;
      await run(asked);
      return { kind: kind.name, ms: performance.now() - arrivedAt };
    }),
  );
  return { latencies, perSecond: trace.length / ((performance.now() - startedAt) / 1000) };
}

/** What one request takes on average, each kind by its share: an engine that runs one at a time has this capacity. */
async function meanServiceMs() {
  let meanMs = 0;
  for (const { share, side, steps } of kinds) {
    const times = [];
    for (let round = 0; round < 3; round++) {
      const from = performance.now();
      await engine.run(request(side, steps));
      times.push(performance.now() - from);
    }
    meanMs += share * median(times);
  }
  return meanMs;
}

const serviceMs = await meanServiceMs();
const gapMs = serviceMs / load;
const trace = arrivals(Math.max(20, Math.round((Number(flags.seconds) * 1000) / gapMs)), gapMs);
const atOnce = trace.slice(0, 32).map((each) => ({ ...each, atMs: 0 }));

const rows = [];
for (const [name, contestant] of Object.entries(contestants)) {
  const { latencies, perSecond } = await serve(contestant(), trace);
  const saturated = await serve(contestant(), atOnce);
  const all = latencies.map(({ ms }) => ms);
  const small = latencies.filter(({ kind }) => kind === 'small').map(({ ms }) => ms);
  const cells = [
    ...[0.5, 0.95, 0.99].map((share) => percentile(all, share).toFixed(0)),
    percentile(small, 0.95).toFixed(0),
    perSecond.toFixed(2),
    saturated.perSecond.toFixed(2),
  ];
  rows.push(`| ${name} | ${cells.join(' | ')} |`);
}
await engine.close();

const mix = kinds.map(({ share, side, steps }) => `${(share * 100).toFixed(0)} % ${side}², ${steps} steps`).join('; ');
writeSection(
  'load',
  `## Under load on a CPU

z-image-nano-turbo, ${trace.length} Poisson arrivals at ${(load * 100).toFixed(0)} % of what one at a time can do (${serviceMs.toFixed(0)} ms a request on average): ${mix}. The same arrivals for each, one contestant after the other. Latency from arrival to pixels, ms; the last column is ${atOnce.length} requests of the mix posted at once.

| | p50 | p95 | p99 | p95 of small | images/s | images/s, saturated |
|---|---|---|---|---|---|---|
${rows.join('\n')}`,
);
