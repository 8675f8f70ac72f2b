import { dataTypes } from '../graph/initializers.js';
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
   * How a group's values, a hundred thousand of a large image, are summed: the rounding of their float32 sums is some 1e-3 of
   * an encoder's latents. `group`: all at once, which a decoder's 8-bit pixels do not show. `pixels`: as torch does for an
   * image in channels-last order, which is how diffusers hands an encoder its pixels.
   */
  sums: 'group' | 'pixels';
}

/**
 * GroupNorm of [1, channels, height, width]. ONNX Runtime runs GroupNormalization as some thirty nodes on CPU; here weight
 * and bias are a BatchNormalization that does nothing else.
 */
export function groupNorm(scope: Scope, x: Value, channels: number, settings: GroupNormSettings): Value {
  const constant = (value: number) => scope.graph.float32s(new Array<number>(channels).fill(value), [channels]);
  const affine = { scale: scope.weight('weight', [channels]), bias: scope.weight('bias', [channels]) };
  const normed = settings.sums === 'group' ? normedAtOnce(scope, x, settings) : x;
  const { scale, bias } = settings.sums === 'group' ? affine : normedByPixels(scope, x, channels, affine, settings);
  return scope.op('BatchNormalization', [normed, scale, bias, constant(0), constant(1)], {
    attributes: { epsilon: { float: 0 } },
  });
}

/** Each group of [batch, channels, h, w] normalised. */
function normedAtOnce(scope: Scope, x: Value, { groups, epsilon }: GroupNormSettings): Value {
  const constant = (value: number) => scope.graph.float32s(new Array<number>(groups).fill(value), [groups]);
  const flat = scope.reshape(x, [0, groups, -1]);
  const normed = scope.op('InstanceNormalization', [flat, constant(1), constant(0)], {
    attributes: { epsilon: { float: epsilon } },
  });
  return scope.op('Reshape', [normed, scope.op('Shape', [x], { type: 'int64' })]);
}

interface Affine {
  /** [channels] */
  scale: Value;
  bias: Value;
}

/**
 * What a group norm multiplies [1, channels, h, w] by and adds, its statistics rounded as torch's: per channel a float32 sum
 * over the pixels in their order, one half of them in each of two threads, and the variance as mean square less squared mean.
 * Source: ATen native/cpu/group_norm_kernel.cpp, GroupNormKernelImplChannelsLastInternal.
 */
function normedByPixels(
  scope: Scope,
  x: Value,
  channels: number,
  { scale: weight, bias: shift }: Affine,
  { groups, epsilon }: GroupNormSettings,
): Affine {
  const grouped = (value: Value) => scope.reshape(value, [groups, -1]);
  // Without the reshape ONNX Runtime would sum before it transposes, in another order.
  const inOrder = (half: Value) => scope.op('Transpose', [half], { attributes: { perm: [0, 2, 3, 1] } });
  const halves = scope.halves(x, 2).map((half) => scope.reshape(inOrder(half), [-1, channels]));
  const valuesPerGroup = scope.op('Div', [
    scope.op('Cast', [scope.op('Size', [x], { type: 'int64' })], {
      attributes: { to: dataTypes.float32 },
      type: 'float32',
    }),
    scope.graph.float32s([groups], []),
  ]);
  const share = scope.op('Reciprocal', [valuesPerGroup]);
  const groupMean = (valuesOf: (half: Value) => Value): Value => {
    const [first, second] = halves.map((half) => scope.op('ReduceSum', [valuesOf(half), scope.graph.int64s([0])])) as [
      Value,
      Value,
    ];
    const overPixels = grouped(scope.op('Add', [first, second]));
    return scope.op('Mul', [scope.op('ReduceSum', [overPixels, scope.graph.int64s([1])]), share]);
  };

  const mean = groupMean((half) => half);
  const meanSquare = groupMean((half) => scope.op('Mul', [half, half]));
  const difference = scope.op('Sub', [meanSquare, scope.op('Mul', [mean, mean])]);
  const variance = scope.op('Max', [difference, scope.graph.float32s([0], [])]);
  const deviation = scope.op('Sqrt', [scope.op('Add', [variance, scope.graph.float32s([epsilon], [])])]);
  const scale = scope.op('Mul', [grouped(weight), scope.op('Reciprocal', [deviation])]);
  const bias = scope.op('Sub', [grouped(shift), scope.op('Mul', [scale, mean])]);
  return { scale: scope.reshape(scale, [-1]), bias: scope.reshape(bias, [-1]) };
}
