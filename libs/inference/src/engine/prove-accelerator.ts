import { ExecutionProviderError } from '../errors.js';
import { float32Form, type GraphForm } from '../graph/graph-form.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import { Scope } from '../graph/scope.js';
import { OnnxSession } from '../session/onnx-session.js';
import { Tensor } from '../tensor/tensor.js';
import type { Placement } from './network-plan.js';

/**
 * Runs one matrix product where a network is to run, with the CPU shut out. A list such as ['cuda', 'cpu'] lets the CPU fill
 * in for missing kernels; this tells that from a provider that takes no work at all, before gigabytes are loaded.
 * @throws ExecutionProviderError naming the provider, with ONNX Runtime's reason
 */
export async function proveAccelerator({ executionProviders, form }: Placement): Promise<void> {
  const accelerators = executionProviders.filter((name) => name !== 'cpu');
  if (accelerators.length > 0) await multiply(accelerators, form);
}

/** Whether a provider computes on this machine. */
export interface ProviderProbe {
  name: string;
  /** Why it does not; null when it does. */
  error: string | null;
}

/** Tries each provider with one matrix product in float32. ONNX Runtime may say more of a failure on stderr. */
export async function probeProviders(names: readonly string[]): Promise<ProviderProbe[]> {
  const probes: ProviderProbe[] = [];
  for (const name of names) {
    try {
      await multiply([name], float32Form);
      probes.push({ name, error: null });
    } catch (error) {
      if (!(error instanceof ExecutionProviderError)) throw error;
      probes.push({ name, error: error.message });
    }
  }
  return probes;
}

async function multiply(executionProviders: readonly string[], form: GraphForm): Promise<void> {
  const graph = new GraphBuilder('probe');
  const scope = new Scope(graph, {
    take: (name) => {
      throw new RangeError(`the probe has no weight ${name}`);
    },
  });
  const x = scope.cast(graph.input('x', 'float32', [1, 8]), form.compute);
  const column = scope.cast(graph.float32s(new Array<number>(8).fill(1), [8, 1]), form.compute);
  graph.output('y', scope.op('MatMul', [x, column]), [1, 1]);
  const session = await OnnxSession.open(graph.build(), { executionProviders });
  try {
    await session.run({ x: Tensor.filled([1, 8], 1) }, ['y']);
  } finally {
    await session.close();
  }
}
