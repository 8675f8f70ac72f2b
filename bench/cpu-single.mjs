/**
 * One image at a time, ours against diffusers on the same CPU: they take turns in one run, so that what else the machine does
 * falls on both. Run by `npm run bench -- [--threads N] [--rounds N]`; PYTHON names a Python with diffusers. Writes
 * bench/RESULTS.md.
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { startDiffusers } from './diffusers-process.mjs';
import { median, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '15' },
  },
});
const threads = Number(flags.threads);
const rounds = Number(flags.rounds);

const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const request = { prompt: 'red apple', width: 256, height: 256, steps: 8, seed: 1 };
const imageRequest = {
  ...request,
  negativePrompt: null,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
};

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const timed = async (work) => {
  const start = { wall: performance.now(), cpu: cpuMs() };
  const result = await work();
  return { wallMs: performance.now() - start.wall, cpuMs: cpuMs() - start.cpu, result };
};

const { wallMs: readyMs, result: engine } = await timed(() => openEngine({ checkpoint, threads, tokenBudget: 8192 }));
const int8 = await openEngine({ checkpoint, threads, tokenBudget: 8192, precision: 'int8' });
const diffusers = await startDiffusers(process.env.PYTHON ?? 'python3', checkpoint, threads);

const contestants = {
  'zimage-queue, float32': () => timed(() => engine.run(imageRequest)),
  'zimage-queue, int8': () => timed(() => int8.run(imageRequest)),
  ...(diffusers && {
    'diffusers, float32': () => diffusers.time({ ...request, dtype: 'float32' }),
    'diffusers, bfloat16': () => diffusers.time({ ...request, dtype: 'bfloat16' }),
  }),
};
const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
for (const run of Object.values(contestants)) await run(); // warm-up
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(contestants)) times[name].push(await run());
}
diffusers?.stop();
await int8.close();

const together = 8;
const togetherTimes = [];
for (let round = 0; round < 3; round++) {
  const batch = Array.from({ length: together }, (_, seed) => ({ ...imageRequest, seed }));
  togetherTimes.push((await timed(() => Promise.all(batch.map((each) => engine.run(each))))).wallMs);
}
const togetherMs = median(togetherTimes);
await engine.close();

const [ours] = Object.values(times);
const cells = (values, unit) => {
  const own = median(values.map((each) => each[unit]));
  return `${own.toFixed(0)} ms | ${(median(ours.map((each) => each[unit])) / own).toFixed(2)}`;
};
/** int8 over diffusers' float32, in times as fast. */
function int8Against() {
  const reference = times['diffusers, float32'];
  if (reference === undefined) return '';
  const faster = (unit) =>
    median(reference.map((each) => each[unit])) / median(times['zimage-queue, int8'].map((each) => each[unit]));
  return `- int8 is ${faster('wallMs').toFixed(2)} times as fast as diffusers in float32 (CPU time: ${faster('cpuMs').toFixed(2)}).\n`;
}
const about = diffusers ? `\n- torch ${diffusers.about.torch}, diffusers ${diffusers.about.diffusers}.` : '';
const rows = Object.entries(times).map(
  ([name, values]) => `| ${name} | ${cells(values, 'wallMs')} | ${cells(values, 'cpuMs')} |`,
);
writeSection(
  'single',
  `## One image on a CPU

z-image-nano-turbo, ${request.width} × ${request.height}, ${request.steps} steps, prompt to pixels, in process, ${threads} thread(s). The contestants took turns, ${rounds} rounds after a warm-up; medians.

| | wall | our wall over its | CPU | our CPU over its |
|---|---|---|---|---|
${rows.join('\n')}

${int8Against()}- Engine ready (checkpoint opened, graphs built, warm-up image made): ${(readyMs / 1000).toFixed(2)} s.
- ${together} images at once: ${(togetherMs / together).toFixed(0)} ms an image.${about}`,
);
