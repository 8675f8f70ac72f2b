/**
 * Makes one image in a process of its own, without a batch, and prints, as JSON, milliseconds and bytes of each stage:
 * CHECKPOINT WEIGHTS SIDE STEPS. What a stage has grown to it keeps, so its memory is read after it.
 */
import { performance } from 'node:perf_hooks';
import { openPipeline } from '../dist/libs/inference/src/open-pipeline.js';
import { processMemory } from './process-memory.mjs';

const [, , checkpoint, weights, side, steps] = process.argv;
const request = {
  prompt: 'a red apple on a table',
  negativePrompt: null,
  source: null,
  width: Number(side),
  height: Number(side),
  steps: Number(steps),
  guidance: { scale: 0, normalization: 0, truncation: 1 },
  noise: { seed: 1, index: 0, count: 1 },
};

const stages = [];
async function timed(name, work) {
  const [from, cpuFrom] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpuFrom);
  stages.push({ name, ms: performance.now() - from, cpuMs: (user + system) / 1000, ...processMemory() });
  return result;
}

const { pipeline, close } = await timed('open', () => openPipeline({ checkpoint, weights }));
let state = await timed('prompt', () => pipeline.prepare(request));
for (let step = 0; step < pipeline.steps(request); step++) {
  const velocities = await timed('step', () => pipeline.evaluate(pipeline.samples(state)));
  state = pipeline.advance(state, velocities);
}
await timed('decode', () => pipeline.finish(state));
process.stdout.write(JSON.stringify(stages));
await close();
