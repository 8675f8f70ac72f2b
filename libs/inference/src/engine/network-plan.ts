import type { CheckpointOptions, Precision, Weights } from '../engine-types.js';
import { ExecutionProviderError, PrecisionError } from '../errors.js';
import { float32Form, type GraphForm, type QuantizedType } from '../graph/graph-form.js';

/** Where a network runs, and how it is written down for that place. */
export interface Placement {
  executionProviders: readonly string[];
  form: GraphForm;
  weights: Weights;
}

export interface NetworkPlan {
  precision: Precision;
  textEncoder: Placement;
  /** The step; what is run once per request has the same placement without int8 products. */
  step: Placement;
  transformer: Placement;
  /**
   * Always float32, computed when it is loaded: no runtime has all of its operators in bfloat16, and its share of the weights is
   * small.
   */
  autoEncoder: Placement;
}

/** Precisions that a provider has kernels for, the default first. */
const precisions: Readonly<Record<string, readonly Precision[]>> = {
  cpu: ['float32', 'int8', 'float16'],
  cuda: ['bfloat16', 'float32', 'float16'],
  tensorrt: ['bfloat16', 'float32', 'float16'],
  webgpu: ['float32', 'float16'],
};

/** Providers with a kernel for ONNX Runtime's FusedMatMul. */
const storedProductProviders = ['cpu', 'cuda'];

const onCpu: Placement = { executionProviders: ['cpu'], form: float32Form, weights: 'computed' };

/**
 * Decides where each network runs and in which precision.
 * @param quantizedType what int8 products keep their weights in; every CPU is exact with the default
 * @throws ExecutionProviderError for a provider that this library does not know
 * @throws PrecisionError for a precision that the provider has no kernels for, for float16 without `allowFloat16`, and
 * for weights that no CPU is to read as they are stored
 */
export function planNetworks(
  {
    executionProviders = ['cpu'],
    precision: asked,
    allowFloat16 = false,
    weights = 'computed',
    textEncoderProvider,
  }: Omit<CheckpointOptions, 'checkpoint'> = {},
  quantizedType: QuantizedType = 'uint8',
): NetworkPlan {
  const unknown = executionProviders.find((name) => !(name in precisions));
  const [first] = executionProviders;
  if (unknown !== undefined || first === undefined) {
    throw new ExecutionProviderError(
      `${unknown === undefined ? 'no execution provider is named' : `there is no execution provider ${unknown}`}; known: ${Object.keys(precisions).join(', ')}`,
    );
  }
  const precision = asked ?? precisions[first]?.[0] ?? 'float32';
  if (!precisions[first]?.includes(precision)) {
    throw new PrecisionError(
      `${precision} does not run on ${first}; it has ${precisions[first]?.join(', ') ?? 'none'}`,
    );
  }
  if (precision === 'float16' && !allowFloat16) {
    throw new PrecisionError(
      'float16 overflows in the residual stream of the published Z-Image models; allow it for a checkpoint that is known to be safe in it',
    );
  }
  const textEncoderOnCpu = textEncoderProvider === 'cpu';
  if (weights === 'stored' && !(first === 'cpu' ? precision === 'float32' : textEncoderOnCpu)) {
    throw new PrecisionError(
      `weights stay as they are stored only where a CPU computes in float32, not for ${precision} on ${first}`,
    );
  }
  const compute = precision === 'int8' ? 'float32' : precision;
  const inFloat32 = { ...float32Form, storedProducts: storedProductProviders.includes(first) };
  const transformer: Placement = {
    executionProviders,
    form: { ...inFloat32, compute },
    weights: first === 'cpu' ? weights : 'computed',
  };
  return {
    precision,
    textEncoder: textEncoderOnCpu ? { ...onCpu, weights } : transformer,
    transformer,
    step: {
      ...transformer,
      form: { ...transformer.form, quantizedWeights: precision === 'int8' ? quantizedType : null },
    },
    autoEncoder: { executionProviders, form: inFloat32, weights: 'computed' },
  };
}
