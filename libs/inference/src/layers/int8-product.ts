import type { Scope } from '../graph/scope.js';
import { dataTypes } from '../graph/initializers.js';
import type { Value } from '../graph/value.js';

const largest = 127;
/** Below any scale of a column that is not all zeros; keeps such a column from dividing by zero. */
const smallestScale = 1e-30;

/**
 * x [..., inputs] float32 times the transpose of a stored weight [outputs, inputs] float32, both in int8: the weight by one
 * scale for each output, folded when the session loads; x by one scale for the whole tensor, found at each run. A sample's
 * result therefore depends on what shares its tensor: run one sample a call.
 *
 * Folding keeps every intermediate until all are folded, so none but the last two, in int8, is of the weight's size.
 */
export function int8Product(scope: Scope, x: Value, weight: Value): Value {
  const { graph } = scope;
  const extreme = (reduction: 'ReduceMax' | 'ReduceMin') =>
    scope.op(reduction, [weight, graph.int64s([1])], { attributes: { keepdims: 0 } });
  const highest = scope.op('Max', [extreme('ReduceMax'), scope.op('Neg', [extreme('ReduceMin')])]);
  const scales = scope.op('Max', [
    scope.op('Div', [highest, graph.float32s([largest], [])]),
    graph.float32s([smallestScale], []),
  ]);
  const quantized = scope.op('QuantizeLinear', [weight, scales], {
    attributes: { axis: 0, output_dtype: dataTypes.int8 },
    type: 'int8',
  });
  const columns = scope.op('Transpose', [quantized], { attributes: { perm: [1, 0] } });
  return scope.microsoftOp('DynamicQuantizeMatMul', [x, columns, scales], { type: 'float32' });
}
