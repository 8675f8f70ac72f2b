/**
 * What loading a checkpoint takes of the host: peak resident memory against the weights as they are computed with. Each row
 * in a process of its own. Run by `npm run bench:load -- CHECKPOINT`, such as one of bench/gpu/full-size-checkpoint.mjs.
 */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../dist/libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../dist/libs/inference/src/engine/checkpoint-graphs.js';
import { estimateMemory } from '../dist/libs/inference/src/engine/memory-estimate.js';
import { planNetworks } from '../dist/libs/inference/src/engine/network-plan.js';
import { median, writeSection } from './results-file.mjs';

const [, , checkpoint] = process.argv;
if (checkpoint === undefined) throw new Error('usage: npm run bench:load -- CHECKPOINT');
const script = fileURLToPath(new URL('load-process.mjs', import.meta.url));
const rounds = 3;

const { configs } = checkpointGraphs(openCheckpoint(checkpoint));
const { networks } = estimateMemory(configs, planNetworks(), { tokenBudget: 4096, samplesPerCall: 4 });
const loaded = ['textEncoder', 'caption', 'modulation', 'step', 'decoder'];

const rows = [...loaded.map((name) => [name]), loaded].map((names) => {
  const measured = Array.from({ length: rounds }, () =>
    JSON.parse(execFileSync(process.execPath, [script, checkpoint, ...names])),
  );
  const of = (field) => median(measured.map((each) => each[field]));
  const weightBytes = names.reduce((sum, name) => sum + networks[name].weightBytes, 0);
  const mb = (bytes) => (bytes / 1e6).toFixed(0);
  return `| ${names.length > 1 ? 'all of them' : names[0]} | ${mb(weightBytes)} | ${mb(of('peakBytes'))} | ${(of('peakBytes') / weightBytes).toFixed(2)} | ${mb(of('keptBytes'))} | ${(of('loadMs') / 1000).toFixed(2)} s |`;
});
writeSection(
  'loading',
  `## Loading

${basename(checkpoint)} on the CPU in float32, each row in a process of its own, medians of ${rounds}; MB above a process that has loaded the runtime alone. Weights are counted as they are computed with, in float32, but for the table of token embeddings, which stays in its file.

| network | weights | peak resident | peak over weights | kept | time |
|---|---|---|---|---|---|
${rows.join('\n')}`,
);
