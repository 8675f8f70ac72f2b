import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/**
 * torch's Linear on [..., inputs] → [..., outputs]. The transpose of the stored [outputs, inputs] weight is folded when the
 * session loads and the product is then packed, as Gemm with transB would be; unlike Gemm, MatMul takes any rank.
 */
export function linear(
  scope: Scope,
  x: Value,
  inputs: number,
  outputs: number,
  { bias = false }: { bias?: boolean } = {},
): Value {
  const weight = scope.op('Transpose', [scope.weight('weight', [outputs, inputs])], { attributes: { perm: [1, 0] } });
  const product = scope.op('MatMul', [x, weight]);
  return bias ? scope.op('Add', [product, scope.weight('bias', [outputs])]) : product;
}
