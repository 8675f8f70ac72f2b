import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { convolution } from './convolution.js';
import { groupNorm, type GroupNormSettings } from './norms.js';
import { silu } from './silu.js';

/** diffusers' ResnetBlock2D without a time embedding: [batch, inputs, h, w] → [batch, outputs, h, w]. */
export function resnetBlock(
  scope: Scope,
  x: Value,
  { inputs, outputs, norm }: { inputs: number; outputs: number; norm: GroupNormSettings },
): Value {
  const normed1 = groupNorm(scope.at('norm1'), x, inputs, norm);
  const hidden = convolution(scope.at('conv1'), silu(scope, normed1), { inputs, outputs, kernel: 3 });
  const normed2 = groupNorm(scope.at('norm2'), hidden, outputs, norm);
  const change = convolution(scope.at('conv2'), silu(scope, normed2), { inputs: outputs, outputs, kernel: 3 });
  const kept = inputs === outputs ? x : convolution(scope.at('conv_shortcut'), x, { inputs, outputs, kernel: 1 });
  return scope.op('Add', [kept, change]);
}
