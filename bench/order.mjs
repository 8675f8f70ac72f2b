/**
 * The order of requests under load, without a machine's moods: the batcher itself, on a clock that only its calls move. The
 * arrivals of `npm run bench` and many more of them, at several loads. Run by `npm run bench:order -- [--seeds 40]`; writes
 * bench/RESULTS.md.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Batcher } from '../dist/libs/inference/src/batcher/batcher.js';
import { arrivals, kinds } from './request-mix.mjs';
import { inTurns } from './in-turns.mjs';
import { percentile, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({ options: { seeds: { type: 'string', default: '40' } } });
const perSeed = 160;

/** What z-image-nano-turbo takes on two quiet cores, ms (docs/numerics.md, bench/THREADS.md). */
const captionTokens = 32;
const tokensOf = ({ width, height }) => (width * height) / 256;
const sampleMs = (request) => {
  const length = tokensOf(request) + captionTokens;
  return 0.0326 * length + 2.9e-5 * length ** 2;
};
const callMs = (requests) => requests.reduce((sum, request) => sum + sampleMs(request), 2.2);
const prepareMs = 5;
const decodeMs = ({ width, height }) => 0.0013 * width * height;
/** A step and a decode at the same time take this share of what they take in turn (docs/decisions/0011). */
const together = 0.87;

/** Work on two lanes that slow each other down, on a clock of its own. */
class Machine {
  now = 0;
  #running = [];
  #arriving = [];

  run(ms) {
    return new Promise((resolve) => this.#running.push({ leftMs: ms, resolve }));
  }

  at(ms) {
    return new Promise((resolve) => this.#arriving.push({ leftMs: ms, resolve }));
  }

  /** Runs until nothing is left. */
  async drain() {
    for (;;) {
      // What is to follow is asked for within a few turns.
      for (let turn = 0; turn < 4; turn++) await nextTurn();
      const pace = this.#running.length > 1 ? 1 / (this.#running.length * together) : 1;
      const next = Math.min(
        ...this.#running.map(({ leftMs }) => leftMs / pace),
        ...this.#arriving.map(({ leftMs }) => leftMs - this.now),
      );
      if (next === Infinity) return;
      this.now += next;
      for (const each of this.#running) each.leftMs -= next * pace;
      this.#running = settle(this.#running, ({ leftMs }) => leftMs < 1e-9);
      this.#arriving = settle(this.#arriving, ({ leftMs }) => leftMs <= this.now);
    }
  }
}

function settle(all, isOver) {
  for (const each of all.filter(isOver)) each.resolve();
  return all.filter((each) => !isOver(each));
}

/** The stages of a request, each as long as it takes. */
const portOn = (machine) => ({
  tokens: tokensOf,
  steps: ({ steps }) => steps,
  prepare: async (request) => {
    await machine.run(prepareMs);
    return { request, step: 0 };
  },
  samples: ({ request, step }) => (step < request.steps ? [request] : []),
  layout: ({ width, height }) => `${width}×${height}`,
  evaluate: async (requests) => {
    await machine.run(callMs(requests));
    return requests.map(() => ({}));
  },
  advance: ({ request, step }) => ({ request, step: step + 1 }),
  finish: ({ request }) => machine.run(decodeMs(request)),
  preview: () => Promise.resolve(),
});

const contestants = {
  'step-level batching': (run) => run,
  'static batches': (run) => inTurns(run, 4),
  'one at a time': (run) => inTurns(run, 1),
};

/** Latencies in ms, with the kind of each. */
async function serve(serverOf, trace) {
  const machine = new Machine();
  const limits = { tokenBudget: 8192, tokensPerCall: 1024, samplesPerCall: 4, finishesAtOnce: 1 };
  const batcher = new Batcher(portOn(machine), limits);
  const run = serverOf((request) => batcher.run(request));
  const served = trace.map(async ({ atMs, kind, request }) => {
    await machine.at(atMs);
    await run(request);
    return { kind: kind.name, ms: machine.now - atMs };
  });
  await machine.drain();
  return Promise.all(served);
}

/** What one request takes on average, each kind by its share. */
async function meanServiceMs() {
  let meanMs = 0;
  for (const kind of kinds) {
    const [alone] = arrivals(400, 1).filter((each) => each.kind === kind);
    const [{ ms }] = await serve(contestants['one at a time'], [{ ...alone, atMs: 0 }]);
    meanMs += kind.share * ms;
  }
  return meanMs;
}

const serviceMs = await meanServiceMs();
const rows = [];
for (const load of [0.5, 0.7, 0.9]) {
  for (const [name, serverOf] of Object.entries(contestants)) {
    const latencies = [];
    for (let seed = 1; seed <= Number(flags.seeds); seed++) {
      latencies.push(...(await serve(serverOf, arrivals(perSeed, serviceMs / load, seed))));
    }
    const of = (share, kindName) =>
      percentile(
        latencies.filter(({ kind }) => kindName === undefined || kind === kindName).map(({ ms }) => ms),
        share,
      ).toFixed(0);
    const byKind = kinds.map((kind) => of(0.95, kind.name));
    rows.push(`| ${load} | ${name} | ${[of(0.5), of(0.95), of(0.99), ...byKind].join(' | ')} |`);
  }
}
writeSection(
  'order',
  `## Under load, on a simulated clock

The batcher as shipped, on a machine that is simulated: z-image-nano-turbo's steps and decodes take what they take on two quiet cores (${serviceMs.toFixed(0)} ms a request on average, alone). ${flags.seeds} runs of ${perSeed} Poisson arrivals of the mix above at each load; latency in ms over all of them.

| load | | p50 | p95 | p99 | ${kinds.map(({ name }) => `p95 of ${name}`).join(' | ')} |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`,
);
