/** Loads a checkpoint's networks in a process of its own and prints, as JSON, bytes and milliseconds: CHECKPOINT WEIGHTS NAME… */
import { performance } from 'node:perf_hooks';
import { openCheckpoint } from '../dist/libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../dist/libs/inference/src/engine/checkpoint-graphs.js';
import { planNetworks } from '../dist/libs/inference/src/engine/network-plan.js';
import { OnnxSession } from '../dist/libs/inference/src/session/onnx-session.js';
import { processMemory } from './process-memory.mjs';

const [, , checkpoint, weights, ...names] = process.argv;
const plan = planNetworks({ weights });
const placements = { textEncoder: plan.textEncoder, step: plan.step, decoder: plan.autoEncoder };

const { graphs } = checkpointGraphs(openCheckpoint(checkpoint));
// The runtime itself is no part of what a network takes.
await import('onnxruntime-node');
const before = processMemory();
const from = performance.now();
const sessions = [];
for (const name of names) {
  sessions.push(await OnnxSession.open(graphs[name], { weights: (placements[name] ?? plan.transformer).weights }));
}
const loadMs = performance.now() - from;
const after = processMemory();
process.stdout.write(
  JSON.stringify({
    loadMs,
    peakBytes: after.peakBytes - before.peakBytes,
    keptBytes: after.ownBytes - before.ownBytes,
  }),
);
for (const session of sessions) await session.close();
