import { GraphBuilder } from '../graph/graph-builder.js';
import type { Dim, Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { attention } from '../layers/attention.js';
import { linear } from '../layers/linear.js';
import { layerNorm } from '../layers/norms.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import type { Siglip2Config } from './siglip2-config.js';

/**
 * SigLIP2's vision encoder up to `last_hidden_state`, of one image whose patches are padded at the end: `patches`
 * [1, length, patchWidth], `position_weights` [length, positionGridSize²] (see `siglip2PositionWeights`), `patch_mask` [length]
 * int64, 1 where a patch is of the image → `hidden` [1, length, width]. The pooling head is not built.
 * Source: transformers models/siglip2/modeling_siglip2.py.
 */
export function siglip2VisionEncoder(config: Siglip2Config, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('vision_encoder', form);
  const scope = new Scope(graph, weights);
  const { width, patchWidth, positionGridSize, normEpsilon } = config;

  const input = (name: string, dims: readonly Dim[]) =>
    scope.cast(graph.input(name, 'float32', dims), graph.form.compute);
  const patches = input('patches', [1, 'length', patchWidth]);
  const positionWeights = input('position_weights', ['length', positionGridSize ** 2]);
  const patchMask = graph.input('patch_mask', 'int64', ['length']);

  const embeddings = scope.at('embeddings');
  const embedded = linear(embeddings.at('patch_embedding'), patches, patchWidth, width, { bias: true });
  const grid = embeddings.at('position_embedding').weight('weight', [positionGridSize ** 2, width], patches.type);
  let x = scope.op('Add', [embedded, scope.op('MatMul', [positionWeights, grid])]);
  for (let i = 0; i < config.layerCount; i++) x = layer(scope.at('encoder', 'layers', i), x, patchMask, config);

  graph.output('hidden', layerNorm(scope.at('post_layernorm'), x, width, normEpsilon), [1, 'length', width]);
  return graph.build();
}

function layer(scope: Scope, x: Value, keyMask: Value, config: Siglip2Config): Value {
  const { width, feedForwardWidth, normEpsilon } = config;
  const normed = layerNorm(scope.at('layer_norm1'), x, width, normEpsilon);
  const afterAttention = scope.op('Add', [x, selfAttention(scope.at('self_attn'), normed, keyMask, config)]);

  const mlp = scope.at('mlp');
  const secondNormed = layerNorm(scope.at('layer_norm2'), afterAttention, width, normEpsilon);
  const widened = linear(mlp.at('fc1'), secondNormed, width, feedForwardWidth, { bias: true });
  const activated = mlp.op('Gelu', [widened], { attributes: { approximate: 'tanh' } });
  return scope.op('Add', [afterAttention, linear(mlp.at('fc2'), activated, feedForwardWidth, width, { bias: true })]);
}

function selfAttention(scope: Scope, x: Value, keyMask: Value, { width, headCount }: Siglip2Config): Value {
  const project = (name: string) => linear(scope.at(name), x, width, width, { bias: true });
  const attended = attention(
    scope,
    { query: project('q_proj'), key: project('k_proj'), value: project('v_proj') },
    { headCount, keyMask },
  );
  return linear(scope.at('out_proj'), attended, width, width, { bias: true });
}
