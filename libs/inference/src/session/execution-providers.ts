import { ExecutionProviderError } from '../errors.js';

/** What a machine must have before a provider can start. */
const needs: Readonly<Record<string, string>> = {
  cuda: 'it needs libonnxruntime_providers_cuda.so beside libonnxruntime.so.1, CUDA and cuDNN on LD_LIBRARY_PATH and an NVIDIA driver',
  tensorrt:
    'it needs libonnxruntime_providers_tensorrt.so beside libonnxruntime.so.1, TensorRT and CUDA on LD_LIBRARY_PATH and an NVIDIA driver',
  webgpu: 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver',
};

/** @throws ExecutionProviderError when this build of ONNX Runtime has never heard of a provider */
export function checkProviders(known: readonly string[], wanted: readonly string[]): void {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ExecutionProviderError(`${unknown} is not in this build of ONNX Runtime; it has ${known.join(', ')}`);
}

/**
 * Session settings that keep ONNX Runtime from moving work elsewhere unsaid: the CPU, which it would add to any list, takes
 * part only where it is named.
 */
export function fallbackSettings(executionProviders: readonly string[]): Record<string, string> {
  return executionProviders.includes('cpu') ? {} : { disable_cpu_ep_fallback: '1' };
}

/** Why a session did not load on accelerators; null when none was asked for. */
export function providerError(executionProviders: readonly string[], cause: unknown): ExecutionProviderError | null {
  const accelerators = executionProviders.filter((name) => name !== 'cpu');
  if (accelerators.length === 0) return null;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hints = accelerators.flatMap((name) => needs[name] ?? []).map((hint) => `; ${hint} (docs/operations.md, GPU)`);
  return new ExecutionProviderError(`cannot load on ${accelerators.join(', ')}: ${reason}${hints.join('')}`, { cause });
}
