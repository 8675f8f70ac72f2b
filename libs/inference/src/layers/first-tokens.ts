import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

/** As many tokens of `x` as `like` has, both [batch, tokens, …]. */
export function firstTokens(scope: Scope, x: Value, like: Value): Value {
  const { graph } = scope;
  const count = scope.op('Shape', [like], { attributes: { start: 1, end: 2 }, type: 'int64' });
  return scope.op('Slice', [x, graph.int64s([0]), count, graph.int64s([1])]);
}
