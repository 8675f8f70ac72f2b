/** Loads a checkpoint's networks in a process of its own and prints, as JSON, bytes and milliseconds: CHECKPOINT NAME… */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { openCheckpoint } from '../dist/libs/inference/src/checkpoint/checkpoint.js';
import { checkpointGraphs } from '../dist/libs/inference/src/engine/checkpoint-graphs.js';
import { OnnxSession } from '../dist/libs/inference/src/session/onnx-session.js';

const [, , checkpoint, ...names] = process.argv;

/** Of this process, from the kernel: resident at its peak, and what of it now is neither a file nor a library. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
  return { peakBytes: bytes('VmHWM'), ownBytes: bytes('RssAnon') };
}

const { graphs } = checkpointGraphs(openCheckpoint(checkpoint));
// The runtime itself is no part of what a network takes.
await import('onnxruntime-node');
const before = memory();
const from = performance.now();
const sessions = [];
for (const name of names) sessions.push(await OnnxSession.open(graphs[name]));
const loadMs = performance.now() - from;
const after = memory();
process.stdout.write(
  JSON.stringify({
    loadMs,
    peakBytes: after.peakBytes - before.peakBytes,
    keptBytes: after.ownBytes - before.ownBytes,
  }),
);
for (const session of sessions) await session.close();
