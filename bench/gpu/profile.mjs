/**
 * Where a transformer call's time goes, by operator, as ONNX Runtime's profiler tells.
 * usage: profile.mjs --checkpoint DIR [--provider cuda] [--precision bfloat16] [--side 1024]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import * as onnxruntime from 'onnxruntime-node';
import { openCheckpoint } from '../../dist/libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../../dist/libs/inference/src/engine/checkpoint-graphs.js';
import { planNetworks } from '../../dist/libs/inference/src/engine/network-plan.js';
import { ZImageDenoiser } from '../../dist/libs/inference/src/engine/z-image-denoiser.js';
import { sessionSettings } from '../../dist/libs/inference/src/session/session-settings.js';
import { fromOutputs, toInputs } from '../../dist/libs/inference/src/session/tensors.js';
import { Tensor } from '../../dist/libs/inference/src/tensor/tensor.js';
import { deviceName, writeSection } from './device.mjs';

const { values: flags } = parseArgs({
  options: {
    checkpoint: { type: 'string' },
    provider: { type: 'string', default: 'cuda' },
    precision: { type: 'string' },
    side: { type: 'string', default: '1024' },
  },
});
if (flags.checkpoint === undefined) throw new Error('--checkpoint is needed');
const executionProviders = flags.provider === 'cpu' ? ['cpu'] : [flags.provider, 'cpu'];
const plan = planNetworks({ executionProviders, ...(flags.precision && { precision: flags.precision }) });
const { configs, graphs } = checkpointGraphs(openCheckpoint(flags.checkpoint), plan);
const folder = mkdtempSync(join(tmpdir(), 'profile-'));
const calls = 5;

async function open(graph, profiled) {
  const session = await onnxruntime.InferenceSession.create(graph.bytes, {
    ...sessionSettings(graph.root, { executionProviders }),
    ...(profiled && { enableProfiling: true, profileFilePrefix: join(folder, 'step') }),
  });
  const run = async (inputs, outputs) => {
    const feeds = Object.entries(toInputs(inputs)).map(([name, { type, data, dims }]) => [
      name,
      new onnxruntime.Tensor(type, data, dims),
    ]);
    return fromOutputs(outputs, await session.run(Object.fromEntries(feeds), outputs));
  };
  return { session, run };
}

const step = await open(graphs.step, true);
const sessions = { caption: await open(graphs.caption), modulation: await open(graphs.modulation), step };
const denoiser = new ZImageDenoiser(configs.transformer, sessions);
const wave = (...dims) =>
  new Tensor(
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7)),
    dims,
  );
const latentSide = Number(flags.side) / configs.autoEncoder.scale;
const sample = {
  latents: wave(configs.transformer.latentChannels, latentSide, latentSide),
  caption: await denoiser.caption(wave(100, configs.transformer.captionWidth)),
  modulation: (await denoiser.modulations([0.5])).row(0),
};
for (let call = 0; call < calls; call++) await denoiser.velocity([sample]);
step.session.endProfiling();

const [file] = readdirSync(folder);
const events = JSON.parse(readFileSync(join(folder, file), 'utf8'));
rmSync(folder, { recursive: true });
const kernels = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
const byOperator = new Map();
for (const { dur, args } of kernels) {
  const key = `${args.op_name} | ${args.provider.replace('ExecutionProvider', '')}`;
  byOperator.set(key, (byOperator.get(key) ?? 0) + dur);
}
const total = kernels.reduce((sum, { dur }) => sum + dur, 0);
const rows = [...byOperator]
  .toSorted(([, a], [, b]) => b - a)
  .slice(0, 12)
  .map(([key, dur]) => `| ${key} | ${(dur / calls / 1000).toFixed(2)} | ${((100 * dur) / total).toFixed(1)} % |`);
writeSection(
  `profile ${flags.provider}`,
  `## Where a call's time goes, ${flags.provider}

${basename(flags.checkpoint)}, one image of ${flags.side}², on ${deviceName(flags.provider)}; mean of ${calls} calls, the first included. On a GPU kernels run behind the calls that start them, so that the profiler's times are those of the starts unless CUDA_LAUNCH_BLOCKING=1 is set.

| operator | provider | ms a call | share |
|---|---|---|---|
${rows.join('\n')}`,
);
for (const { session } of Object.values(sessions)) await session.release();
