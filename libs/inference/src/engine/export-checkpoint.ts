import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openCheckpoint } from '../checkpoint/checkpoint.js';
import { InferenceError } from '../errors.js';
import type { Graph } from '../graph/graph-builder.js';
import { standardForm } from '../graph/graph-form.js';
import { relocateWeights } from '../graph/relocate-weights.js';
import { checkpointGraphs, type CheckpointGraphs, type EditGraphs } from './checkpoint-graphs.js';
import type { NetworkPlan, Placement } from './network-plan.js';

/** The folder to export into has something in it. */
export class OutputNotEmpty extends InferenceError {
  readonly code = 'output_not_empty';
  readonly retryable = false;
}

const anywhere: Placement = { executionProviders: ['cpu'], form: standardForm, weights: 'computed' };
const exportPlan: NetworkPlan = {
  precision: 'float32',
  textEncoder: anywhere,
  transformer: anywhere,
  step: anywhere,
  autoEncoder: anywhere,
};

const fileStems: Readonly<Record<keyof CheckpointGraphs | keyof EditGraphs, string>> = {
  textEncoder: 'text_encoder',
  caption: 'transformer_caption',
  modulation: 'transformer_modulation',
  step: 'transformer_step',
  encoder: 'vae_encoder',
  decoder: 'vae_decoder',
  visionEncoder: 'vision_encoder',
  vision: 'transformer_vision',
  reference: 'transformer_reference',
};

/**
 * Writes each network of a checkpoint as NAME.onnx with ONNX's own operators, computing in float32, and its weights, in their
 * stored type, as NAME.onnx.data beside it. Weights are streamed. `out` comes to be when everything is written.
 * @returns the paths of the .onnx files
 * @throws CheckpointError naming file and field; OutputNotEmpty
 */
export async function exportCheckpoint(directory: string, out: string): Promise<string[]> {
  const { graphs, editGraphs } = checkpointGraphs(openCheckpoint(directory), exportPlan);
  if (existsSync(out) && readdirSync(out).length > 0) throw new OutputNotEmpty(`${out} is not empty`);
  const target = resolve(out);
  const partial = join(dirname(target), `.${basename(target)}-${randomUUID()}`);
  await mkdir(partial, { recursive: true });
  try {
    const files: string[] = [];
    for (const [name, graph] of Object.entries({ ...graphs, ...editGraphs })) {
      const file = `${fileStems[name as keyof typeof fileStems]}.onnx`;
      await write(graph, join(partial, file));
      files.push(join(out, file));
    }
    await rename(partial, target);
    return files;
  } catch (error) {
    await rm(partial, { recursive: true });
    throw error;
  }
}

async function write(graph: Graph, file: string): Promise<void> {
  const data = `${file}.data`;
  const { bytes, places } = relocateWeights(graph, basename(data));
  await writeFile(data, '');
  for (const { stored, offset } of places) {
    if (stored.byteLength === 0) continue;
    const source = createReadStream(stored.file, { start: stored.offset, end: stored.offset + stored.byteLength - 1 });
    await pipeline(source, createWriteStream(data, { flags: 'r+', start: offset }));
  }
  await writeFile(file, bytes);
}
