import { OutOfMemory } from '../errors.js';

/** How ONNX Runtime's allocators, CUDA, cuDNN and the C++ library say it; there is no code to go by. */
const sayings = [
  /failed to allocate memory/i,
  /out of memory/i,
  /cudaErrorMemoryAllocation/,
  /_STATUS_ALLOC_FAILED/,
  /bad_alloc/,
];

/** The error of a run, as {@link OutOfMemory} when it is one. */
export function memoryErrorOr(cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!sayings.some((saying) => saying.test(message))) return cause;
  return new OutOfMemory('the engine has not enough memory for what is in flight', { cause });
}
