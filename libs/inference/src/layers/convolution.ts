import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/** A convolution that keeps height and width: torch's Conv2d with an odd kernel and padding (kernel − 1) / 2. */
export function convolution(
  scope: Scope,
  x: Value,
  { inputs, outputs, kernel }: { inputs: number; outputs: number; kernel: number },
): Value {
  const pad = (kernel - 1) / 2;
  const weight = scope.weight('weight', [outputs, inputs, kernel, kernel]);
  return scope.op('Conv', [x, weight, scope.weight('bias', [outputs])], {
    attributes: { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad] },
  });
}

/**
 * diffusers' Downsample2D in an autoencoder: a 3 × 3 convolution with stride 2, zeros below and to the right of the image
 * only. [1, channels, h, w] → [1, channels, h / 2, w / 2] for even sizes.
 */
export function halvingConvolution(scope: Scope, x: Value, channels: number): Value {
  const weight = scope.weight('weight', [channels, channels, 3, 3]);
  return scope.op('Conv', [x, weight, scope.weight('bias', [channels])], {
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 1, 1] },
  });
}

/**
 * Once every pixel stands twice, a 3-tap kernel covers two distinct pixels. Row by row of [2, 3]: which taps fall on the
 * first and on the second of them, at either copy of a pixel.
 */
const tapsAtFirstCopy = [1, 0, 0, 0, 1, 1];
const tapsAtSecondCopy = [1, 1, 0, 0, 0, 1];
const copies = [tapsAtFirstCopy, tapsAtSecondCopy];

/**
 * Nearest-neighbour doubling followed by a 3 × 3 convolution, without ever holding the doubled image: each of the four
 * output phases sees only 2 × 2 distinct pixels, so it is a 2 × 2 convolution whose weights are sums of the stored ones
 * (folded when the session loads). 16 products a pixel instead of 36; equal up to float32 rounding.
 */
export function doubledConvolution(scope: Scope, x: Value, channels: number): Value {
  const weight = scope.weight('weight', [channels, channels, 3, 3]);
  const bias = scope.weight('bias', [channels]);
  const taps = (values: readonly number[]) => scope.graph.float32s(values, [2, 3]);
  const transposed = (value: Value) => scope.op('Transpose', [value], { attributes: { perm: [1, 0] } });

  const phases = copies.flatMap((rowTaps, row) =>
    copies.map((columnTaps, column) => {
      const narrowed = scope.op('MatMul', [weight, transposed(taps(columnTaps))]);
      const phaseWeight = scope.op('MatMul', [taps(rowTaps), narrowed]);
      return scope.op('Conv', [x, phaseWeight, bias], {
        attributes: { kernel_shape: [2, 2], pads: [1 - row, 1 - column, row, column] },
      });
    }),
  );
  // Depth to space in "DCR" order takes the channels as [row, column, channel].
  return scope.op('DepthToSpace', [scope.op('Concat', phases, { attributes: { axis: 1 } })], {
    attributes: { blocksize: 2, mode: 'DCR' },
  });
}
