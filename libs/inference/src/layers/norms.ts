import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/** x / rms(x) · weight over the last axis; the mean in float32 whatever the type. */
export function rmsNorm(scope: Scope, x: Value, width: number, epsilon: number): Value {
  const weight = scope.weight('weight', [width], x.type);
  return scope.op('RMSNormalization', [x, weight], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  });
}

/** torch's LayerNorm over the last axis. */
export function layerNorm(scope: Scope, x: Value, width: number, epsilon: number): Value {
  const parameter = (name: string) => scope.weight(name, [width], x.type);
  return scope.op('LayerNormalization', [x, parameter('weight'), parameter('bias')], {
    attributes: { axis: -1, epsilon: { float: epsilon } },
  });
}

/** LayerNorm over the last axis without weight and bias. */
export function plainLayerNorm(scope: Scope, x: Value, width: number, epsilon: number): Value {
  const ones = scope.cast(scope.graph.float32s(new Array<number>(width).fill(1), [width]), x.type);
  return scope.op('LayerNormalization', [x, ones], { attributes: { axis: -1, epsilon: { float: epsilon } } });
}

/** Settings of the group norms of one network. */
export interface GroupNormSettings {
  groups: number;
  epsilon: number;
  /**
   * How a group's values, a hundred thousand of a large image, are summed. `running`: in one float32 sum a lane, an error of
   * some 5e-4 over a whole autoencoder, which 8-bit pixels do not show. `by-row`: rows first, then their means, the error of
   * torch (2e-5) for 6 % more time.
   */
  sums: 'running' | 'by-row';
}

/**
 * GroupNorm of [1, channels, height, width]. ONNX Runtime runs GroupNormalization as some thirty nodes on CPU; here weight
 * and bias are a BatchNormalization that does nothing else.
 */
export function groupNorm(scope: Scope, x: Value, channels: number, settings: GroupNormSettings): Value {
  const constant = (value: number) => scope.graph.float32s(new Array<number>(channels).fill(value), [channels]);
  const normed = settings.sums === 'running' ? normedAtOnce(scope, x, settings) : normedByRow(scope, x, settings);
  const parameters = [scope.weight('weight', [channels]), scope.weight('bias', [channels]), constant(0), constant(1)];
  return scope.op('BatchNormalization', [reshapedLike(scope, normed, x), ...parameters], {
    attributes: { epsilon: { float: 0 } },
  });
}

/** [1, channels, h, w] → [1, groups, channels / groups · h · w], each group normalised. */
function normedAtOnce(scope: Scope, x: Value, { groups, epsilon }: GroupNormSettings): Value {
  const constant = (value: number) => scope.graph.float32s(new Array<number>(groups).fill(value), [groups]);
  const flat = scope.reshape(x, [1, groups, -1]);
  return scope.op('InstanceNormalization', [flat, constant(1), constant(0)], {
    attributes: { epsilon: { float: epsilon } },
  });
}

/** As `normedAtOnce`. */
function normedByRow(scope: Scope, x: Value, { groups, epsilon }: GroupNormSettings): Value {
  const mean = (value: Value, axis: number) => scope.op('ReduceMean', [value, scope.graph.int64s([axis])]);
  const groupMean = (value: Value) => mean(scope.reshape(mean(value, 3), [1, groups, -1]), 2);
  const centred = scope.op('Sub', [scope.reshape(x, [1, groups, -1]), groupMean(x)]);
  const variance = groupMean(reshapedLike(scope, scope.op('Mul', [centred, centred]), x));
  const deviation = scope.op('Sqrt', [scope.op('Add', [variance, scope.graph.float32s([epsilon], [])])]);
  return scope.op('Div', [centred, deviation]);
}

function reshapedLike(scope: Scope, value: Value, like: Value): Value {
  return scope.op('Reshape', [value, scope.op('Shape', [like], { type: 'int64' })]);
}
