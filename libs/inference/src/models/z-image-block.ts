import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { attention, headNorm, rotate } from '../layers/attention.js';
import type { RotaryTables } from '../layers/attention.js';
import { gatedFeedForward } from '../layers/gated-feed-forward.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/norms.js';
import type { ZImageConfig } from './z-image-config.js';

/** Fixed in diffusers' ZImageTransformerBlock. */
const headNormEpsilon = 1e-5;

/** What a timestep does to a block, each [batch, 1, width]: scales have their 1 added, gates their tanh taken. */
export interface BlockModulation {
  attentionScale: Value;
  attentionGate: Value;
  feedForwardScale: Value;
  feedForwardGate: Value;
}

export interface BlockOptions {
  /** Refiners of captions have none. */
  modulation?: BlockModulation;
  /** Whether its feed-forward layer may be computed in int8, where the graph's form asks for it. */
  quantizable?: boolean;
}

/** One S3-DiT block on [batch, length, width]: norms before and after each branch. */
export function zImageBlock(
  scope: Scope,
  x: Value,
  tables: RotaryTables,
  config: ZImageConfig,
  { modulation, quantizable = false }: BlockOptions = {},
): Value {
  const { width, feedForwardWidth } = config;
  const norm = (name: string, value: Value) => rmsNorm(scope.at(name), value, width, config.normEpsilon);
  const times = (value: Value, factor: Value | undefined) => (factor ? scope.op('Mul', [value, factor]) : value);

  const attended = selfAttention(
    scope.at('attention'),
    times(norm('attention_norm1', x), modulation?.attentionScale),
    tables,
    config,
  );
  const afterAttention = scope.op('Add', [x, times(norm('attention_norm2', attended), modulation?.attentionGate)]);
  const fed = gatedFeedForward(
    scope.at('feed_forward'),
    times(norm('ffn_norm1', afterAttention), modulation?.feedForwardScale),
    { width, hidden: feedForwardWidth, names: { gate: 'w1', up: 'w3', down: 'w2' }, quantizable },
  );
  return scope.op('Add', [afterAttention, times(norm('ffn_norm2', fed), modulation?.feedForwardGate)]);
}

function selfAttention(scope: Scope, x: Value, tables: RotaryTables, config: ZImageConfig): Value {
  const { width, headCount, headWidth } = config;
  const project = (name: string) => linear(scope.at(name), x, width, width);
  const rotated = (projection: string, norm: string) => {
    const heads = { headCount, headWidth, epsilon: headNormEpsilon };
    const normed = headNorm(scope.at(norm), project(projection), heads);
    return scope.cast(rotate(scope, normed, tables, { headCount, interleaved: true }), x.type);
  };
  const attended = attention(
    scope,
    { query: rotated('to_q', 'norm_q'), key: rotated('to_k', 'norm_k'), value: project('to_v') },
    { headCount },
  );
  return linear(scope.at('to_out', 0), attended, width, width);
}
