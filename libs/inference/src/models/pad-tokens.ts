import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/** Appends the learned pad token; `pads` is the shape of what is appended: [batch, pad tokens, width]. */
export function withPadTokens(scope: Scope, x: Value, pads: Value, tokenName: string, width: number): Value {
  const padTokens = scope.op('Expand', [scope.weight(tokenName, [1, width], x.type), pads]);
  return scope.op('Concat', [x, padTokens], { attributes: { axis: 1 } });
}
