import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { int8Product } from './int8-product.js';

export interface LinearOptions {
  bias?: boolean;
  /** Computed in int8 where the graph's form asks for it. */
  quantizable?: boolean;
}

/**
 * torch's Linear on [..., inputs] → [..., outputs], in the type of x. The transpose of the stored [outputs, inputs] weight
 * is folded when the session loads and the product is then packed, as Gemm with transB would be; unlike Gemm, MatMul takes
 * any rank.
 */
export function linear(
  scope: Scope,
  x: Value,
  inputs: number,
  outputs: number,
  { bias = false, quantizable = false }: LinearOptions = {},
): Value {
  const weight = scope.weight('weight', [outputs, inputs], x.type);
  const columns = scope.op('Transpose', [weight], { attributes: { perm: [1, 0] } });
  const product =
    quantizable && scope.graph.form.int8Products ? int8Product(scope, x, columns) : scope.op('MatMul', [x, columns]);
  return bias ? scope.op('Add', [product, scope.weight('bias', [outputs], x.type)]) : product;
}
