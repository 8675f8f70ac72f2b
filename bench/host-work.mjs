/**
 * What the step loop does beside ONNX Runtime's native calls: tensors in and out, guidance, Euler step, order, events; once a
 * hundred images have let V8 compile it, as in a worker. Run by `npm run bench`, or alone:
 * `node bench/host-work.mjs [--rounds 15]` after `npm run build`.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { binding } from 'onnxruntime-node/dist/binding.js';
import { openEngine } from '../dist/libs/inference/src/index.js';
import { request } from './request-mix.mjs';
import { median, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const imagesBefore = 100;

/** Milliseconds in native runs of this thread, which has the step's session alone. */
let nativeMs = 0;
binding.InferenceSession = class extends binding.InferenceSession {
  run(...inputs) {
    const from = performance.now();
    try {
      return super.run(...inputs);
    } finally {
      nativeMs += performance.now() - from;
    }
  }
};

/** Milliseconds of a step, and of these outside of native calls, over all steps but the first. */
async function timeSteps(engine, side, steps) {
  let first;
  let last;
  const onStep = () => {
    last = { at: performance.now(), nativeMs };
    first ??= last;
  };
  await engine.run(request(side, steps), { onStep });
  const stepMs = (last.at - first.at) / (steps - 1);
  return { stepMs, hostMs: stepMs - (last.nativeMs - first.nativeMs) / (steps - 1) };
}

const engine = await openEngine({ checkpoint, tokenBudget: 8192 });
for (let image = 0; image < imagesBefore; image++) await engine.run(request(128, 8));
const rows = [];
for (const side of [128, 256, 512]) {
  const times = [];
  for (let round = 0; round <= Number(flags.rounds); round++) times.push(await timeSteps(engine, side, 8));
  const [stepMs, hostMs] = ['stepMs', 'hostMs'].map((part) => median(times.slice(1).map((each) => each[part])));
  rows.push(
    `| ${side} × ${side} | ${stepMs.toFixed(1)} | ${hostMs.toFixed(2)} | ${((100 * hostMs) / stepMs).toFixed(1)} % |`,
  );
}
await engine.close();

writeSection(
  'host-work',
  `## Host work of a step

z-image-nano-turbo, one image at a time, 8 steps; medians of ${flags.rounds} rounds after ${imagesBefore} images. Host work is what the step loop does outside of ONNX Runtime's native call.

| image | a step, ms | of that host work, ms | share |
|---|---|---|---|
${rows.join('\n')}`,
);
