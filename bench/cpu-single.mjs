/**
 * One image at a time, ours against diffusers on the same CPU: they take turns in one run, so that what else the machine does
 * falls on both. Run by `npm run bench`; PYTHON names a Python with diffusers. Writes bench/RESULTS.md.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { startDiffusers } from './diffusers-process.mjs';

const rounds = 15;
const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const request = { prompt: 'red apple', width: 256, height: 256, steps: 8, seed: 1 };
const imageRequest = {
  ...request,
  negativePrompt: null,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
};

const timed = async (work) => {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
};

const [readyMs, engine] = await timed(() => openEngine({ checkpoint, tokenBudget: 8192 }));
const diffusers = await startDiffusers(process.env.PYTHON ?? 'python3', checkpoint);

const contestants = {
  'zimage-queue, float32': async () => (await timed(() => engine.run(imageRequest)))[0],
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

const together = 8;
const [togetherMs] = await timed(() =>
  Promise.all(Array.from({ length: together }, (_, i) => engine.run({ ...imageRequest, seed: i }))),
);
await engine.close();

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.round((values.length - 1) * q)];
const [ours] = Object.values(times);
const rows = Object.entries(times).map(([name, values]) => {
  const [low, median, high] = [0.1, 0.5, 0.9].map((q) => quantile(values, q));
  const ratio = quantile(ours, 0.5) / median;
  return `| ${name} | ${median.toFixed(0)} ms | ${low.toFixed(0)}–${high.toFixed(0)} ms | ${ratio.toFixed(2)} |`;
});
const report = `# Benchmarks

Written by \`npm run bench\`. Absolute times belong to the machine they were taken on; the ratios are what to look at.

## One image on a CPU

z-image-nano-turbo, ${request.width} × ${request.height}, ${request.steps} steps, prompt to pixels, in process. The contestants took turns, ${rounds} rounds after a warm-up.

| | median | 10–90 % | our median over its |
|---|---|---|---|
${rows.join('\n')}

- Engine ready (checkpoint opened, graphs built, warm-up image made): ${(readyMs / 1000).toFixed(2)} s.
- ${together} images at once: ${(togetherMs / together).toFixed(0)} ms an image.

Machine: ${cpus().length} × ${cpus()[0].model}, Node ${process.version}${diffusers ? `; torch ${diffusers.about.torch} on ${diffusers.about.threads} threads, diffusers ${diffusers.about.diffusers}` : ''}.
`;
writeFileSync(new URL('RESULTS.md', import.meta.url), report);
process.stdout.write(report);
