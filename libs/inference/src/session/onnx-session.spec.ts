import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RawTensor } from '../../../../test/support/safetensors.js';
import { bfloat16Tensor, float32Tensor, writeSafetensors } from '../../../../test/support/safetensors.js';
import { readSafetensorsHeader } from '../checkpoint/safetensors-header.js';
import { ExecutionProviderError } from '../errors.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import { Scope } from '../graph/scope.js';
import { linear } from '../layers/linear.js';
import type { StoredTensor } from '../tensor/stored-tensor.js';
import { Tensor } from '../tensor/tensor.js';
import { OnnxSession } from './onnx-session.js';
import type { SessionGraph } from './session.js';

// What the way weights are loaded rests on; each of these has changed between releases of ONNX Runtime.

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'session-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const outputsByInputs = [1, 2, 3, 4, 5, 6];
const x = new Tensor(Float32Array.from([1, 10, 100]), [1, 3]);
const product = [321, 654];

/** A Linear of 3 inputs and 2 outputs whose weight lies in `file`, at an odd offset. */
function linearGraph(file: string, weight: RawTensor): SessionGraph {
  mkdirSync(dirname(file), { recursive: true });
  writeSafetensors(file, { weight }, (header) => {
    const even = JSON.stringify({ __metadata__: { pad: '' }, ...header }).length % 2 === 0;
    return { __metadata__: { pad: even ? '-' : '' }, ...header };
  });
  return graphOf(file);
}

function graphOf(file: string): SessionGraph {
  const [stored] = readSafetensorsHeader(file, file) as [StoredTensor];
  expect(stored.offset % 2).toBe(1);
  const graph = new GraphBuilder('linear');
  const scope = new Scope(graph, { take: () => stored });
  graph.output('y', linear(scope, graph.input('x', 'float32', ['rows', 3]), 3, 2), ['rows', 2]);
  return graph.build();
}

async function run(graph: SessionGraph): Promise<number[]> {
  const session = await OnnxSession.open(graph, { threads: 1 });
  try {
    return [...(await session.run({ x }, ['y'])).y.data];
  } finally {
    await session.close();
  }
}

describe('weights as external data of a graph in memory', () => {
  it('are read from a safetensors file', async () => {
    const graph = linearGraph(join(folder, 'w.safetensors'), float32Tensor(outputsByInputs, [2, 3]));
    expect(await run(graph)).toEqual(product);
  });

  it('are cast from bfloat16', async () => {
    const graph = linearGraph(join(folder, 'w.safetensors'), bfloat16Tensor(outputsByInputs, [2, 3]));
    expect(await run(graph)).toEqual(product);
  });

  it('are read from a folder below the root', async () => {
    const { bytes } = linearGraph(join(folder, 'w.safetensors'), float32Tensor(outputsByInputs, [2, 3]));
    expect(await run({ bytes, root: folder })).toEqual(product);
    const below = linearGraph(join(folder, 'a/b/w.safetensors'), float32Tensor(outputsByInputs, [2, 3]));
    expect(below.root).toBe(join(folder, 'a/b'));
    expect(await run(below)).toEqual(product);
  });

  it('are refused by ONNX Runtime behind a symlink that leaves the root, and found by their real path', async () => {
    const blob = join(folder, 'blobs/0123');
    linearGraph(blob, float32Tensor(outputsByInputs, [2, 3]));
    const link = join(folder, 'snapshots/w.safetensors');
    mkdirSync(dirname(link));
    symlinkSync(blob, link);
    const graph = graphOf(link);
    expect(graph.root).toBe(dirname(blob));
    expect(await run(graph)).toEqual(product);
    symlinkSync(blob, join(folder, 'snapshots/0123'));
    await expect(run({ bytes: graph.bytes, root: dirname(link) })).rejects.toThrow(/escapes|outside/);
  });
});

describe('execution providers', () => {
  it('that cannot start are an error with the reason and what they need', async () => {
    const graph = linearGraph(join(folder, 'w.safetensors'), float32Tensor(outputsByInputs, [2, 3]));
    // The package brings no CUDA; where a GPU host has put it in, this is not the place to try it.
    const opening = OnnxSession.open(graph, { executionProviders: ['tensorrt', 'cpu'] });
    await expect(opening).rejects.toThrow(ExecutionProviderError);
    await expect(opening).rejects.toThrow(/cannot load on tensorrt: .*needs libonnxruntime_providers_tensorrt/);
  });

  it('that this build lacks are an error with the known ones', async () => {
    const graph = linearGraph(join(folder, 'w.safetensors'), float32Tensor(outputsByInputs, [2, 3]));
    const opening = OnnxSession.open(graph, { executionProviders: ['abacus', 'cpu'] });
    await expect(opening).rejects.toThrow(ExecutionProviderError);
    await expect(opening).rejects.toThrow(/abacus is not in this build of ONNX Runtime; it has .*cpu/);
  });
});
