import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/** x / rms(x) · weight over the last axis. */
export function rmsNorm(scope: Scope, x: Value, width: number, epsilon: number): Value {
  const weight = scope.weight('weight', [width]);
  return scope.op('SimplifiedLayerNormalization', [x, weight], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  });
}

/** LayerNorm over the last axis without weight and bias. */
export function plainLayerNorm(scope: Scope, x: Value, width: number, epsilon: number): Value {
  const ones = scope.graph.float32s(new Array<number>(width).fill(1), [width]);
  return scope.op('LayerNormalization', [x, ones], { attributes: { axis: -1, epsilon: { float: epsilon } } });
}

/**
 * GroupNorm of [1, channels, height, width]. ONNX Runtime runs GroupNormalization as some thirty nodes on CPU; an
 * InstanceNormalization over the groups and a BatchNormalization that only applies weight and bias are two.
 */
export function groupNorm(
  scope: Scope,
  x: Value,
  { channels, groups, epsilon }: { channels: number; groups: number; epsilon: number },
): Value {
  const { graph } = scope;
  const constant = (value: number, length: number) => graph.float32s(new Array<number>(length).fill(value), [length]);
  const normed = scope.op(
    'InstanceNormalization',
    [scope.reshape(x, [1, groups, -1]), constant(1, groups), constant(0, groups)],
    { attributes: { epsilon: { float: epsilon } } },
  );
  const restored = scope.op('Reshape', [normed, scope.op('Shape', [x], { type: 'int64' })]);
  return scope.op(
    'BatchNormalization',
    [
      restored,
      scope.weight('weight', [channels]),
      scope.weight('bias', [channels]),
      constant(0, channels),
      constant(1, channels),
    ],
    { attributes: { epsilon: { float: 0 } } },
  );
}
