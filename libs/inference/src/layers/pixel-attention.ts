import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { attention } from './attention.js';
import { linear } from './linear.js';
import { groupNorm, type GroupNormSettings } from './norms.js';

/** The attention block of an autoencoder: one head over all pixels of [batch, channels, h, w], added to its input. */
export function pixelAttention(
  scope: Scope,
  x: Value,
  { channels, norm }: { channels: number; norm: GroupNormSettings },
): Value {
  const normed = groupNorm(scope.at('group_norm'), x, channels, norm);
  const swap = (value: Value) => scope.op('Transpose', [value], { attributes: { perm: [0, 2, 1] } });
  const pixels = swap(scope.reshape(normed, [0, channels, -1]));
  const project = (name: string) => linear(scope.at(name), pixels, channels, channels, { bias: true });
  const mixed = attention(
    scope,
    { query: project('to_q'), key: project('to_k'), value: project('to_v') },
    { headCount: 1 },
  );
  const change = swap(linear(scope.at('to_out', 0), mixed, channels, channels, { bias: true }));
  const restored = scope.op('Reshape', [change, scope.op('Shape', [x], { type: 'int64' })]);
  return scope.op('Add', [x, restored]);
}
