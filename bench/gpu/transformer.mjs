/**
 * Milliseconds of a transformer call, ours and diffusers' on the same device in the same run, and the time of an 8-step image.
 * usage: transformer.mjs --checkpoint DIR [--provider cuda] [--precision bfloat16] [--python python3] [--calls 10]
 * [--sizes 1024x1,512x1,512x4,256x8] [--compile] [--text-encoder-provider cpu]; a size is pixels a side × samples.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openPipeline } from '../../dist/libs/inference/src/open-pipeline.js';
import { median } from '../results-file.mjs';
import { deviceName, writeSection } from './device.mjs';
import { startTorch } from './torch-process.mjs';

const { values: flags } = parseArgs({
  options: {
    checkpoint: { type: 'string' },
    provider: { type: 'string', default: 'cuda' },
    precision: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    calls: { type: 'string', default: '10' },
    sizes: { type: 'string', default: '1024x1,512x1,512x4,256x8' },
    compile: { type: 'boolean', default: false },
    'text-encoder-provider': { type: 'string' },
  },
});
if (flags.checkpoint === undefined) throw new Error('--checkpoint is needed');
const onCpu = flags.provider === 'cpu';
const calls = Number(flags.calls);
const sizes = flags.sizes.split(',').map((size) => size.split('x').map(Number));
const captionWords = 'red apple on a blue table '.repeat(16);

const { pipeline, close } = await openPipeline({
  checkpoint: flags.checkpoint,
  executionProviders: onCpu ? ['cpu'] : [flags.provider, 'cpu'],
  ...(flags.precision && { precision: flags.precision }),
  ...(flags['text-encoder-provider'] && { textEncoderProvider: flags['text-encoder-provider'] }),
});
const requestOf = (side, steps) => ({
  prompt: captionWords,
  negativePrompt: null,
  source: null,
  width: side,
  height: side,
  steps,
  guidance: { scale: 0, normalization: 0, truncation: 1 },
  noise: { seed: 1, index: 0, count: 1 },
});

async function timed(work) {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Median of calls after two that allocate; latents go to the device and velocities come back, as in the service. */
async function callMs(side, batch) {
  const [sample] = pipeline.samples(await pipeline.prepare(requestOf(side, 8)));
  const samples = new Array(batch).fill(sample);
  const times = [];
  for (let call = 0; call < calls + 2; call++) times.push(await timed(() => pipeline.evaluate(samples)));
  return { ms: median(times.slice(2)), captionLength: sample.caption.length };
}

async function image(side) {
  let state = await pipeline.prepare(requestOf(side, 8));
  while (pipeline.samples(state).length > 0) {
    state = pipeline.advance(state, await pipeline.evaluate(pipeline.samples(state)));
  }
  await pipeline.finish(state);
}

const own = [];
for (const [side, batch] of sizes) own.push({ side, batch, ...(await callMs(side, batch)) });
const [largest] = own.map(({ side }) => side).toSorted((a, b) => b - a);
await image(largest);
const imageMs = await timed(() => image(largest));
await close();

const config = join(flags.checkpoint, 'transformer/config.json');
const { n_layers: layers, dim } = JSON.parse(readFileSync(config, 'utf8'));
// After ours has given its memory back; the two would not fit a card together.
const torch = await startTorch(flags.python, config, onCpu ? 'cpu' : 'cuda', onCpu ? 'float32' : 'bfloat16');
const rows = [];
for (const { side, batch, captionLength, ms } of own) {
  const measure = (compiled) => torch?.measure({ side, batch, captionLength, calls, compiled }) ?? null;
  const eager = await measure(false);
  const compiled = flags.compile ? await measure(true) : null;
  const cell = (other) => (other === null ? '–' : `${other.toFixed(1)} (${(ms / other).toFixed(2)})`);
  rows.push(`| ${side}² × ${batch} | ${ms.toFixed(1)} | ${cell(eager)} | ${cell(compiled)} |`);
}
torch?.stop();

writeSection(
  `transformer ${flags.provider}`,
  `## Transformer calls, ${flags.provider}

${basename(flags.checkpoint)} (${layers} layers of ${dim}) on ${deviceName(flags.provider)}, ${flags.precision ?? "the provider's own precision"}; ${torch ? `torch ${torch.about.torch} on ${torch.about.device}, ${onCpu ? 'float32' : 'bfloat16'}` : 'no Python with diffusers'}. Medians of ${calls} calls, ms; in brackets our time over it.

| image | zimage-queue | diffusers, eager | diffusers, compiled |
|---|---|---|---|
${rows.join('\n')}

An image of ${largest}² in 8 steps, prompt to pixels: ${(imageMs / 1000).toFixed(2)} s.`,
);
