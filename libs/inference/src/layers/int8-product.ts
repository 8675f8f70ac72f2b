import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

const largest = 127;
/** Below any scale of a column that is not all zeros; keeps such a column from dividing by zero. */
const smallestScale = 1e-30;

/**
 * x [..., inputs] float32 times columns [inputs, outputs] float32, both in int8: the columns by one scale each, folded when
 * the session loads; x by one scale for the whole tensor, found at each run. A sample's result therefore depends on what
 * shares its tensor: run one sample a call.
 */
export function int8Product(scope: Scope, x: Value, columns: Value): Value {
  const { graph } = scope;
  const highest = scope.op('ReduceMax', [scope.op('Abs', [columns]), graph.int64s([0])], {
    attributes: { keepdims: 0 },
  });
  const scales = scope.op('Max', [
    scope.op('Div', [highest, graph.float32s([largest], [])]),
    graph.float32s([smallestScale], []),
  ]);
  const quantized = scope.cast(scope.op('Round', [scope.op('Div', [columns, scales])]), 'int8');
  return scope.microsoftOp('DynamicQuantizeMatMul', [x, quantized, scales]);
}
