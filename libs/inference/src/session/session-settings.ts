import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import { fallbackSettings } from './execution-providers.js';
import type { SessionOptions } from './session.js';

/** What ONNX Runtime is told when it loads a graph whose weights lie below `root`. */
export function sessionSettings(
  root: string,
  { executionProviders = ['cpu'], weights = 'computed', threads = availableParallelism(), spinUs = 0 }: SessionOptions,
): InferenceSession.SessionOptions {
  return {
    executionProviders,
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    extra: {
      session: {
        model_external_initializers_file_folder_path: root,
        // Each session has threads of its own: those that spin for long take the cores from the ones that run beside them.
        intra_op: spinUs > 0 ? { allow_spinning: '1', spin_duration_us: String(spinUs) } : { allow_spinning: '0' },
        // Never between two runs.
        force_spinning_stop: '1',
        // The arena grows in powers of two: weights in it would take up to twice their size.
        use_device_allocator_for_initializers: '1',
        ...fallbackSettings(executionProviders),
        ...(weights === 'stored' && { disable_prepacking: '1' }),
      },
      ...(weights === 'stored' && { optimization: { disable_specified_optimizers: 'ConstantFolding' } }),
    },
    // A plan of a run's memory has room for casts of its own, beside those that the arena keeps.
    enableMemPattern: weights === 'computed',
  };
}
