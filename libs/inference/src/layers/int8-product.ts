import type { Scope } from '../graph/scope.js';
import type { QuantizedType } from '../graph/graph-form.js';
import type { Value } from '../graph/value.js';

const largest = 127;
/** What stands for 0. */
const zeroPoints: Readonly<Record<QuantizedType, number>> = { int8: 0, uint8: 128 };
/** Below any scale of a column that is not all zeros; keeps such a column from dividing by zero. */
const smallestScale = 1e-30;

/**
 * x [..., inputs] float32 times the transpose of a stored weight [outputs, inputs] float32, both in eight bits: the weight by one
 * scale for each output, folded when the session loads; x by one scale for the whole tensor, found at each run. A sample's
 * result therefore depends on what shares its tensor: run one sample a call.
 *
 * Folding keeps every intermediate until all are folded, so none but the last two, in eight bits, is of the weight's size.
 */
export function int8Product(scope: Scope, x: Value, weight: Value, type: QuantizedType): Value {
  const { graph } = scope;
  const extreme = (reduction: 'ReduceMax' | 'ReduceMin') =>
    scope.op(reduction, [weight, graph.int64s([1])], { attributes: { keepdims: 0 } });
  const highest = scope.op('Max', [extreme('ReduceMax'), scope.op('Neg', [extreme('ReduceMin')])]);
  const scales = scope.op('Max', [
    scope.op('Div', [highest, graph.float32s([largest], [])]),
    graph.float32s([smallestScale], []),
  ]);
  const zero = scope.cast(graph.float32s([zeroPoints[type]], []), type);
  const zeros = scope.op('Expand', [zero, scope.op('Shape', [scales], { type: 'int64' })]);
  const quantized = scope.op('QuantizeLinear', [weight, scales, zeros], { attributes: { axis: 0 }, type });
  const columns = scope.op('Transpose', [quantized], { attributes: { perm: [1, 0] } });
  return scope.microsoftOp('DynamicQuantizeMatMul', [x, columns, scales, zero], { type: 'float32' });
}
