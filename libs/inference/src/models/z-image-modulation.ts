import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { linear } from '../layers/linear.js';
import { silu } from '../layers/silu.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { Tensor } from '../tensor/tensor.js';
import type { BlockModulation } from './z-image-block.js';
import type { ZImageConfig } from './z-image-config.js';

/** Fixed in diffusers' TimestepEmbedder. */
const frequencyCount = 128;
const embedderWidth = 1024;
const longestPeriod = 10_000;

/** The modulated blocks in the order of their columns. */
function modulatedBlocks({ refinerLayerCount, layerCount }: ZImageConfig): (readonly [string, number])[] {
  const blocks = (name: string, count: number) => Array.from({ length: count }, (_, i) => [name, i] as const);
  return [...blocks('noise_refiner', refinerLayerCount), ...blocks('layers', layerCount)];
}

/** Columns of a modulation: four for each modulated block and the final layer's scale, `width` each. */
export function modulationWidth(config: ZImageConfig): number {
  return (4 * modulatedBlocks(config).length + 1) * config.width;
}

/**
 * Everything that depends on the timestep alone, for all steps of a request in one call: `frequencies` [steps, 256] (see
 * `timestepFrequencies`) → `modulation` [steps, modulationWidth].
 */
export function zImageModulation(config: ZImageConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('modulation', form);
  const scope = new Scope(graph, weights);
  const { width, modulatorWidth, patchKey } = config;

  const frequencies = scope.cast(
    graph.input('frequencies', 'float32', ['steps', 2 * frequencyCount]),
    graph.form.compute,
  );
  const mlp = scope.at('t_embedder', 'mlp');
  const hidden = silu(mlp, linear(mlp.at(0), frequencies, 2 * frequencyCount, embedderWidth, { bias: true }));
  const embedding = linear(mlp.at(2), hidden, embedderWidth, modulatorWidth, { bias: true });

  const blocks = modulatedBlocks(config).flatMap((path) => blockColumns(scope.at(...path), embedding, config));
  const final = scope.at('all_final_layer', patchKey, 'adaLN_modulation');
  const finalShift = linear(final.at(1), silu(final, embedding), modulatorWidth, width, { bias: true });
  const columns = [...blocks, onePlus(final, finalShift)];
  graph.output('modulation', scope.op('Concat', columns, { attributes: { axis: 1 } }), [
    'steps',
    modulationWidth(config),
  ]);
  return graph.build();
}

/** The step graph's side: the columns of `modulation` [batch, modulationWidth], each as [batch, 1, width]. */
export function readModulation(
  scope: Scope,
  modulation: Value,
  config: ZImageConfig,
): { blocks: BlockModulation[]; finalScale: Value } {
  const perSample = scope.op('Unsqueeze', [modulation, scope.graph.int64s([1])]);
  const count = modulationWidth(config) / config.width;
  const columns = scope.split(perSample, 2, new Array<number>(count).fill(config.width));
  const column = (i: number): Value => {
    const value = columns[i];
    if (!value) throw new RangeError(`the modulation has ${count} columns, no column ${i}`);
    return value;
  };
  const blocks = modulatedBlocks(config).map((_, i) => ({
    attentionScale: column(4 * i),
    attentionGate: column(4 * i + 1),
    feedForwardScale: column(4 * i + 2),
    feedForwardGate: column(4 * i + 3),
  }));
  return { blocks, finalScale: column(count - 1) };
}

/** Cosines, then sines of t · timestepScale at 128 frequencies: [steps, 256]; float32 at every operation, as in diffusers. */
export function timestepFrequencies(timesteps: readonly number[], { timestepScale }: ZImageConfig): Tensor {
  const { fround } = Math;
  const frequencies = Array.from({ length: frequencyCount }, (_, i) =>
    fround(Math.exp(fround(fround(-Math.log(longestPeriod) * i) / frequencyCount))),
  );
  const rows = timesteps.flatMap((timestep) => {
    const scaled = fround(fround(timestep) * timestepScale);
    const angles = frequencies.map((frequency) => fround(scaled * frequency));
    return [...angles.map(Math.cos), ...angles.map(Math.sin)];
  });
  return new Tensor(Float32Array.from(rows), [timesteps.length, 2 * frequencyCount]);
}

function blockColumns(block: Scope, embedding: Value, { width, modulatorWidth }: ZImageConfig): Value[] {
  const scope = block.at('adaLN_modulation', 0);
  const all = linear(scope, embedding, modulatorWidth, 4 * width, { bias: true });
  return scope
    .split(all, 1, [width, width, width, width])
    .map((column, i) => (i % 2 === 0 ? onePlus(scope, column) : scope.op('Tanh', [column])));
}

function onePlus(scope: Scope, x: Value): Value {
  return scope.op('Add', [x, scope.cast(scope.graph.float32s([1], []), x.type)]);
}
