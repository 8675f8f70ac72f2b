import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { attention, headNorm, rotate } from '../layers/attention.js';
import type { RotaryTables } from '../layers/attention.js';
import { gatedFeedForward } from '../layers/gated-feed-forward.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/norms.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { Tensor } from '../tensor/tensor.js';
import type { Qwen3Config } from './qwen3-config.js';

/**
 * Qwen3 up to `hidden_states[-2]`, the input of its last layer: `token_ids` [batch, length] int64, `cos` and
 * `sin` [length, headWidth / 2] → `hidden` [batch, length, width], of sequences of one length. The last layer and the final norm are not built.
 * Source: transformers models/qwen3/modeling_qwen3.py.
 */
export function qwen3TextEncoder(config: Qwen3Config, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('text_encoder', form);
  const scope = new Scope(graph, weights);
  const { width } = config;

  const tokenIds = graph.input('token_ids', 'int64', ['batch', 'length']);
  const tables: RotaryTables = {
    cos: graph.input('cos', 'float32', ['length', config.headWidth / 2]),
    sin: graph.input('sin', 'float32', ['length', config.headWidth / 2]),
  };

  const embedding = scope.at('embed_tokens').storedWeight('weight', [config.vocabularySize, width]);
  let x = scope.cast(scope.op('Gather', [embedding, tokenIds]), graph.form.compute);
  for (let i = 0; i < config.layerCount - 1; i++) x = layer(scope.at('layers', i), x, tables, config);

  graph.output('hidden', x, ['batch', 'length', width]);
  return graph.build();
}

/** Cosines and sines of positions 0 … length − 1, with the float32 roundings of transformers' Qwen3RotaryEmbedding. */
export function qwen3RotaryTables(length: number, { headWidth, ropeTheta }: Qwen3Config): { cos: Tensor; sin: Tensor } {
  const half = headWidth / 2;
  const frequencies = Array.from({ length: half }, (_, i) => Math.fround(ropeTheta ** (-i / half)));
  const angles = Float32Array.from(
    { length: length * half },
    (_, at) => Math.floor(at / half) * (frequencies[at % half] ?? 0),
  );
  return {
    cos: new Tensor(angles.map(Math.cos), [length, half]),
    sin: new Tensor(angles.map(Math.sin), [length, half]),
  };
}

function layer(scope: Scope, x: Value, tables: RotaryTables, config: Qwen3Config): Value {
  const { width, normEpsilon, feedForwardWidth } = config;
  const attended = selfAttention(
    scope.at('self_attn'),
    rmsNorm(scope.at('input_layernorm'), x, width, normEpsilon),
    tables,
    config,
  );
  const afterAttention = scope.op('Add', [x, attended]);
  const fed = gatedFeedForward(
    scope.at('mlp'),
    rmsNorm(scope.at('post_attention_layernorm'), afterAttention, width, normEpsilon),
    { width, hidden: feedForwardWidth, names: { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' } },
  );
  return scope.op('Add', [afterAttention, fed]);
}

function selfAttention(scope: Scope, x: Value, tables: RotaryTables, config: Qwen3Config): Value {
  const { width, headCount, keyValueHeadCount, headWidth, normEpsilon, attentionBias: bias } = config;
  const rotated = (projection: string, norm: string, heads: number) => {
    const projected = linear(scope.at(projection), x, width, heads * headWidth, { bias });
    const normed = headNorm(scope.at(norm), projected, { headCount: heads, headWidth, epsilon: normEpsilon });
    return scope.cast(rotate(scope, normed, tables, { headCount: heads, interleaved: false }), x.type);
  };
  const value = linear(scope.at('v_proj'), x, width, keyValueHeadCount * headWidth, { bias });
  const attended = attention(
    scope,
    {
      query: rotated('q_proj', 'q_norm', headCount),
      key: repeatHeads(scope, rotated('k_proj', 'k_norm', keyValueHeadCount), config),
      value: repeatHeads(scope, value, config),
    },
    { headCount, causal: true },
  );
  return linear(scope.at('o_proj'), attended, headCount * headWidth, width, { bias });
}

/** Each key or value head as often as query heads share it: [batch, length, keyValueHeads · headWidth] → [batch, length, heads · headWidth]. */
function repeatHeads(scope: Scope, x: Value, { headCount, keyValueHeadCount, headWidth }: Qwen3Config): Value {
  const copies = headCount / keyValueHeadCount;
  if (copies === 1) return x;
  const heads = scope.reshape(x, [0, 0, keyValueHeadCount, 1, headWidth]);
  const repeated = scope.op('Expand', [heads, scope.graph.int64s([1, 1, 1, copies, 1])]);
  return scope.reshape(repeated, [0, 0, headCount * headWidth]);
}
