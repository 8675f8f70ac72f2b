import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import { fallbackSettings } from './execution-providers.js';
import type { SessionOptions } from './session.js';

/** What ONNX Runtime is told when it loads a graph whose weights lie below `root`. */
export function sessionSettings(
  root: string,
  { executionProviders = ['cpu'], threads = availableParallelism(), spinning = true }: SessionOptions,
): InferenceSession.SessionOptions {
  return {
    executionProviders,
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    extra: {
      session: {
        model_external_initializers_file_folder_path: root,
        intra_op: { allow_spinning: spinning ? '1' : '0' },
        // Each session has threads of its own: those of the last one would spin beside those of the next.
        force_spinning_stop: '1',
        // The arena grows in powers of two: weights in it would take up to twice their size.
        use_device_allocator_for_initializers: '1',
        ...fallbackSettings(executionProviders),
      },
    },
  };
}
