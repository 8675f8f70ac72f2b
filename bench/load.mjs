/**
 * What loading a checkpoint takes of the host, against its weights in float32, and what an image then takes. Each row of the
 * first table in a process of its own. Run by `npm run bench:load -- CHECKPOINT [--weights stored]`, with a checkpoint such as one of
 * bench/gpu/full-size-checkpoint.mjs.
 */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../dist/libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../dist/libs/inference/src/engine/checkpoint-graphs.js';
import { estimateMemory } from '../dist/libs/inference/src/engine/memory-estimate.js';
import { planNetworks } from '../dist/libs/inference/src/engine/network-plan.js';
import { median, writeSection } from './results-file.mjs';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    weights: { type: 'string', default: 'computed' },
    side: { type: 'string', default: '256' },
    steps: { type: 'string', default: '8' },
  },
});
const [checkpoint] = positionals;
if (checkpoint === undefined) throw new Error('usage: npm run bench:load -- CHECKPOINT [--weights stored]');
const { weights, side, steps } = flags;
const rounds = 3;
const measure = (script, ...args) =>
  JSON.parse(execFileSync(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), checkpoint, ...args]));
const mb = (bytes) => (bytes / 1e6).toFixed(0);

const { configs } = checkpointGraphs(openCheckpoint(checkpoint));
const { networks } = estimateMemory(configs, planNetworks(), { tokenBudget: 4096, samplesPerCall: 4 });
const loaded = ['textEncoder', 'caption', 'modulation', 'step', 'decoder'];

const rows = [...loaded.map((name) => [name]), loaded].map((names) => {
  const measured = Array.from({ length: rounds }, () => measure('load-process.mjs', weights, ...names));
  const of = (field) => median(measured.map((each) => each[field]));
  const weightBytes = names.reduce((sum, name) => sum + networks[name].weightBytes, 0);
  return `| ${names.length > 1 ? 'all of them' : names[0]} | ${mb(weightBytes)} | ${mb(of('peakBytes'))} | ${(of('peakBytes') / weightBytes).toFixed(2)} | ${mb(of('keptBytes'))} | ${(of('loadMs') / 1000).toFixed(2)} s |`;
});

const stages = measure('image-process.mjs', weights, side, steps);
const stageRows = stages.map(
  ({ name, ms, cpuMs, ownBytes, mappedBytes }) =>
    `| ${[name, (ms / 1000).toFixed(1), (cpuMs / 1000).toFixed(1), mb(ownBytes), mb(mappedBytes)].join(' | ')} |`,
);
const stepSeconds = (field) =>
  (median(stages.filter(({ name }) => name === 'step').map((stage) => stage[field])) / 1000).toFixed(1);

writeSection(
  weights === 'stored' ? 'loading-stored' : 'loading',
  `## Loading${weights === 'stored' ? ', weights as stored' : ''}

${basename(checkpoint)} on the CPU in float32, weights ${weights}, each row in a process of its own, medians of ${rounds}; MB above a process that has loaded the runtime alone. Weights are counted in float32, but for the table of token embeddings, which stays in its file.

| network | weights | peak resident | peak over weights | kept | time |
|---|---|---|---|---|---|
${rows.join('\n')}

One image of ${side} × ${side} in ${steps} steps, MB of the whole process after each stage: its own, and pages of mapped files, which the system takes back when it needs them. ${stepSeconds('ms')} s a step, ${stepSeconds('cpuMs')} s of CPU time (medians); peak resident ${mb(stages.at(-1).peakBytes)} MB.

| stage | time, s | CPU time, s | own | mapped |
|---|---|---|---|---|
${stageRows.join('\n')}`,
);
