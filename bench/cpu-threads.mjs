/**
 * What the thread settings of libs/inference/src/session are worth for the step's session: one image at a time under each of
 * them, in turns. Run by
 * `npm run bench:threads -- [--rounds N]`; writes bench/THREADS.md.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import ort from 'onnxruntime-node';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { median } from './results-file.mjs';

const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '11' } } });
const threads = availableParallelism();
const spinning = (spinUs) => ({ intra_op: { allow_spinning: '1', spin_duration_us: String(spinUs) } });
const variants = {
  'threads never spin': { intra_op: { allow_spinning: '0' } },
  'as shipped, spinning for 20 µs at most': {},
  'threads spin within a run, 50 µs at most': spinning(50),
  'threads spin within a run': { intra_op: { allow_spinning: '1' } },
  'threads spin on after a run': { intra_op: { allow_spinning: '1' }, force_spinning_stop: '0' },
  'as shipped, blocks that shrink towards the end': { dynamic_block_base: '4' },
};
const request = {
  prompt: 'red apple',
  negativePrompt: null,
  width: 256,
  height: 256,
  steps: 8,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
  seed: 1,
};

const { create } = ort.InferenceSession;

/** The engine with some session settings replaced. */
async function openWith(settings) {
  ort.InferenceSession.create = (graph, options) =>
    create.call(ort.InferenceSession, graph, {
      ...options,
      extra: { session: { ...options.extra.session, ...settings } },
    });
  const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
  return openEngine({ checkpoint, threads, tokenBudget: 8192 });
}

/** Milliseconds of one image: the first step with the prompt before it, each later step, the decoder, all of it. */
async function timeImage(engine) {
  const marks = [performance.now()];
  await engine.run(request, { onStep: () => marks.push(performance.now()) });
  marks.push(performance.now());
  const spans = marks.slice(1).map((mark, i) => mark - marks[i]);
  return { first: spans[0], step: median(spans.slice(1, -1)), decoder: spans.at(-1), image: marks.at(-1) - marks[0] };
}

/** Milliseconds until the last of some images that are posted at once: their steps and decodes are under way side by side. */
async function timeMixed(engine) {
  const from = performance.now();
  const images = [128, 256, 128, 256, 384, 128].map((side, seed) => ({ ...request, width: side, height: side, seed }));
  await Promise.all(images.map((each) => engine.run({ ...each, steps: 4 })));
  return performance.now() - from;
}

const engines = {};
for (const [name, settings] of Object.entries(variants)) engines[name] = await openWith(settings);
const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const [name, engine] of Object.entries(engines)) {
    await timeImage(engine); // the spinning of the engine before this one falls on this image
    times[name].push({ ...(await timeImage(engine)), mixed: await timeMixed(engine) });
  }
}

const cell = (values, part) => median(values.slice(1).map((each) => each[part])).toFixed(0);
const rows = Object.entries(times).map(
  ([name, values]) =>
    `| ${name} | ${['first', 'step', 'decoder', 'image', 'mixed'].map((part) => cell(values, part)).join(' | ')} |`,
);
const report = `# Thread settings

Written by \`npm run bench:threads\`. z-image-nano-turbo, 256 × 256, 8 steps, ${threads} thread(s), alone, and six of 128² to 384² with 4 steps at once; medians of ${flags.rounds} rounds in turns, ms.

| | prompt and first step | each later step | decoder | image | six images at once |
|---|---|---|---|---|---|
${rows.join('\n')}

Machine: ${cpus().length} × ${cpus()[0].model}, load average ${loadavg()[0].toFixed(1)} at the end, Node ${process.version}.
`;
writeFileSync(new URL('THREADS.md', import.meta.url), report);
process.stdout.write(report);
for (const engine of Object.values(engines)) await engine.close();
