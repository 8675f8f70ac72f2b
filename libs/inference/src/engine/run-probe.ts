import { GraphBuilder } from '../graph/graph-builder.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { OnnxSession } from '../session/onnx-session.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * Runs a product without a checkpoint: what a row of ones [1, terms] comes to.
 * @param product from the row to one value [1, 1], in float32
 * @throws ExecutionProviderError naming the provider that does not run it, with ONNX Runtime's reason
 */
export async function runProbe(
  executionProviders: readonly string[],
  terms: number,
  product: (scope: Scope, row: Value) => Value,
): Promise<number> {
  const graph = new GraphBuilder('probe');
  const scope = new Scope(graph, {
    take: (name) => {
      throw new RangeError(`the probe has no weight ${name}`);
    },
  });
  graph.output('y', product(scope, graph.input('x', 'float32', [1, terms])), [1, 1]);
  const session = await OnnxSession.open(graph.build(), { executionProviders });
  try {
    const { y } = await session.run({ x: Tensor.filled([1, terms], 1) }, ['y']);
    return y.data[0] ?? Number.NaN;
  } finally {
    await session.close();
  }
}
