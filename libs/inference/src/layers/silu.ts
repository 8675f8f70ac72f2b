import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/** x · sigmoid(x); ONNX Runtime fuses the pair. */
export function silu(scope: Scope, x: Value): Value {
  return scope.op('Mul', [x, scope.op('Sigmoid', [x])]);
}
