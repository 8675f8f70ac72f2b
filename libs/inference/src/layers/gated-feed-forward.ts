import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { linear } from './linear.js';
import { silu } from './silu.js';

/** SwiGLU: down(silu(gate(x)) · up(x)), the three projections under the names the checkpoint gives them. */
export function gatedFeedForward(
  scope: Scope,
  x: Value,
  {
    width,
    hidden,
    names,
    quantizable = false,
  }: { width: number; hidden: number; names: { gate: string; up: string; down: string }; quantizable?: boolean },
): Value {
  const gate = silu(scope, linear(scope.at(names.gate), x, width, hidden, { quantizable }));
  const up = linear(scope.at(names.up), x, width, hidden, { quantizable });
  return linear(scope.at(names.down), scope.op('Mul', [gate, up]), hidden, width);
}
