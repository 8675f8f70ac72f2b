/**
 * Open-loop load: Poisson arrivals of mixed sizes and steps, the same for each contestant and on the same engine. Step-level
 * batching against static batches (what waits and is like the oldest, up to four, to its common end) and one at a time, in
 * rounds of other arrivals in which they take turns. Run by `npm run bench`, or alone: `node bench/cpu-load.mjs
 * [--load 0.7] [--seconds 20] [--rounds 5]` after `npm run build`.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { inTurns } from './in-turns.mjs';
import { arrivals, kinds, request } from './request-mix.mjs';
import { median, percentile, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({
  options: {
    load: { type: 'string', default: '0.7' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
  },
});
const load = Number(flags.load);
const rounds = Number(flags.rounds);
const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const engine = await openEngine({ checkpoint, tokenBudget: 8192 });

const contestants = {
  'step-level batching': () => (asked) => engine.run(asked),
  'static batches': () => inTurns(engine.run.bind(engine), 4),
  'one at a time': () => inTurns(engine.run.bind(engine), 1),
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
const perRound = Math.max(20, Math.round((Number(flags.seconds) * 1000) / gapMs));

const names = Object.keys(contestants);
const served = Object.fromEntries(names.map((name) => [name, { latencies: [], p95s: [], rates: [], saturated: [] }]));
for (let round = 0; round < rounds; round++) {
  const trace = arrivals(perRound, gapMs, round + 1);
  const atOnce = trace.slice(0, 32).map((each) => ({ ...each, atMs: 0 }));
  const turns = names.map((_, i) => names[(i + round) % names.length]);
  for (const name of turns) {
    const { latencies, perSecond } = await serve(contestants[name](), trace);
    const result = served[name];
    result.latencies.push(...latencies);
    result.p95s.push(percentile(msOf(latencies), 0.95));
    result.rates.push(perSecond);
  }
  for (const name of turns) served[name].saturated.push((await serve(contestants[name](), atOnce)).perSecond);
}

function msOf(latencies) {
  return latencies.map(({ ms }) => ms);
}

const rows = names.map((name) => {
  const { latencies, p95s, rates, saturated } = served[name];
  const small = latencies.filter(({ kind }) => kind === 'small');
  const won = p95s.filter((p95, round) => names.every((other) => p95 <= served[other].p95s[round])).length;
  const cells = [
    ...[0.5, 0.95, 0.99].map((share) => percentile(msOf(latencies), share).toFixed(0)),
    percentile(msOf(small), 0.95).toFixed(0),
    won,
    median(rates).toFixed(2),
    median(saturated).toFixed(2),
  ];
  return `| ${name} | ${cells.join(' | ')} |`;
});
await engine.close();

const mix = kinds.map(({ share, side, steps }) => `${(share * 100).toFixed(0)} % ${side}², ${steps} steps`).join('; ');
writeSection(
  'load',
  `## Under load on a CPU

z-image-nano-turbo, ${rounds} rounds of ${perRound} Poisson arrivals at ${(load * 100).toFixed(0)} % of what one at a time can do (${serviceMs.toFixed(0)} ms a request on average): ${mix}. In a round the contestants take turns with the same arrivals. Latency from arrival to pixels over all rounds, ms; the rounds in which a contestant's p95 was the lowest; the last columns are medians of the rounds, the very last with up to 32 requests of the mix posted at once.

| | p50 | p95 | p99 | p95 of small | rounds won | images/s | images/s, saturated |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`,
);
