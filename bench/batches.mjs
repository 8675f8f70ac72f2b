/**
 * What it is worth to encode prompts, and to decode images, several in a call: milliseconds a sample, in turns, and whether
 * each sample is the one it is alone. Run by `npm run bench:batches -- [--rounds 15] [--provider cuda]`; writes bench/RESULTS.md,
 * of a GPU bench/gpu/RESULTS.md.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../dist/libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../dist/libs/inference/src/engine/checkpoint-graphs.js';
import { planNetworks } from '../dist/libs/inference/src/engine/network-plan.js';
import { qwen3RotaryTables } from '../dist/libs/inference/src/models/qwen3-text-encoder.js';
import { OnnxSession } from '../dist/libs/inference/src/session/onnx-session.js';
import { Tensor } from '../dist/libs/inference/src/tensor/tensor.js';
import { TorchGenerator } from '../dist/libs/inference/src/scheduler/torch-generator.js';
import { median, writeSection } from './results-file.mjs';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, provider: { type: 'string', default: 'cpu' } },
});
const checkpoint = new URL('../models/z-image-nano-turbo', import.meta.url).pathname;
const onCpu = flags.provider === 'cpu';
const executionProviders = onCpu ? ['cpu'] : [flags.provider, 'cpu'];
const { configs, graphs } = checkpointGraphs(openCheckpoint(checkpoint), planNetworks({ executionProviders }));
const encoder = await OnnxSession.open(graphs.textEncoder, { executionProviders });
const decoder = await OnnxSession.open(graphs.decoder, { executionProviders });
const sizes = [1, 2, 4];
const most = Math.max(...sizes);

/** A call for some samples of a kind, which gives one output for each. */
const encode = (length) => {
  const ids = Array.from({ length: most * length }, (_, i) => 7 + ((i * 31) % 1000));
  const tables = qwen3RotaryTables(length, configs.textEncoder);
  return async (from, to) => {
    const integers = ids.slice(from * length, to * length);
    const { hidden } = await encoder.run({ token_ids: { integers, dims: [to - from, length] }, ...tables }, ['hidden']);
    return hidden;
  };
};
const decode = (side) => {
  const { latentChannels, scale } = configs.autoEncoder;
  const dims = [most, latentChannels, side / scale, side / scale];
  const latents = new Tensor(new TorchGenerator(1).randn(dims.reduce((size, dim) => size * dim)), dims);
  return async (from, to) => (await decoder.run({ latents: latents.slice(from, to) }, ['image'])).image;
};
const kinds = {
  'a prompt of 32 tokens': encode(32),
  'a prompt of 128 tokens': encode(128),
  'a prompt of 512 tokens': encode(512),
  'an image of 128 × 128': decode(128),
  'an image of 256 × 256': decode(256),
  'an image of 512 × 512': decode(512),
};

async function timeCall(call, count) {
  const startedAt = performance.now();
  await call(0, count);
  return (performance.now() - startedAt) / count;
}

/** Whether every sample of a call has the values that it has in a call of its own. */
async function equalsSolo(call, count) {
  const together = await call(0, count);
  for (let i = 0; i < count; i++) {
    const alone = await call(i, i + 1);
    if (!alone.row(0).data.every((value, at) => value === together.row(i).data[at])) return false;
  }
  return true;
}

const rows = [];
for (const [name, call] of Object.entries(kinds)) {
  const times = new Map(sizes.map((size) => [size, []]));
  for (const size of sizes) await call(0, size);
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const size of sizes) times.get(size).push(await timeCall(call, size));
  }
  const alone = times.get(1);
  const ratio = (size) => median(times.get(size).map((ms, round) => ms / alone[round])).toFixed(2);
  const others = sizes.slice(1);
  rows.push(
    `| ${[name, median(alone).toFixed(1), ...others.map(ratio), (await equalsSolo(call, most)) ? 'yes' : 'no'].join(' | ')} |`,
  );
}
await Promise.all([encoder.close(), decoder.close()]);

writeSection(
  onCpu ? 'batches' : `batches ${flags.provider}`,
  `## Several prompts or images in a call

z-image-nano-turbo on ${flags.provider}, text encoder and VAE decoder; medians of ${flags.rounds} rounds in turns. A sample's time in a call of two and of four is given over that of a call of its own, round by round.

| a sample | alone, ms | of 2 | of 4 | equal to the bit, of 4 |
|---|---|---|---|---|
${rows.join('\n')}`,
  new URL(onCpu ? 'RESULTS.md' : 'gpu/RESULTS.md', import.meta.url),
);
