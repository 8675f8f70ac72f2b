import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { int8Product } from './int8-product.js';

export interface LinearOptions {
  bias?: boolean;
  /** Computed in int8 where the graph's form asks for it. */
  quantizable?: boolean;
}

/**
 * torch's Linear on [..., inputs] → [..., outputs], in the type of x. Either form packs the weight when the session loads, as
 * Gemm with transB would; unlike Gemm, both take any rank.
 */
export function linear(
  scope: Scope,
  x: Value,
  inputs: number,
  outputs: number,
  { bias = false, quantizable = false }: LinearOptions = {},
): Value {
  const weight = scope.weight('weight', [outputs, inputs], x.type);
  const product = productWith(scope, x, weight, quantizable);
  return bias ? scope.op('Add', [product, scope.weight('bias', [outputs], x.type)]) : product;
}

/** x times the transpose of a stored [outputs, inputs] weight. */
function productWith(scope: Scope, x: Value, weight: Value, quantizable: boolean): Value {
  const { quantizedWeights, storedProducts } = scope.graph.form;
  if (quantizable && quantizedWeights) return int8Product(scope, x, weight, quantizedWeights);
  if (storedProducts) return scope.microsoftOp('FusedMatMul', [x, weight], { attributes: { transB: 1 } });
  return scope.op('MatMul', [x, scope.op('Transpose', [weight], { attributes: { perm: [1, 0] } })]);
}
