import { ExecutionProviderError } from '../errors.js';
import { float32Form, type GraphForm } from '../graph/graph-form.js';
import type { Placement } from './network-plan.js';
import { runProbe } from './run-probe.js';

const terms = 8;

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

async function multiply(executionProviders: readonly string[], { compute }: GraphForm): Promise<void> {
  await runProbe(executionProviders, terms, (scope, row) => {
    const column = scope.cast(scope.graph.float32s(new Array<number>(terms).fill(1), [terms, 1]), compute);
    return scope.op('MatMul', [scope.cast(row, compute), column]);
  });
}
