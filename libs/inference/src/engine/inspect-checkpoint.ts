import { openCheckpoint } from '../checkpoint/checkpoint.js';
import { listClasses } from '../checkpoint/model-index.js';
import type { CheckpointOptions, Precision, Weights } from '../engine-types.js';
import type { StoredTensor, StoredType } from '../tensor/stored-tensor.js';
import { sizeOf } from '../tensor/tensor.js';
import { checkpointGraphs } from './checkpoint-graphs.js';
import { estimateMemory, type Load, type MemoryEstimate } from './memory-estimate.js';
import { planNetworks } from './network-plan.js';

export interface CheckpointSummary {
  /** Class name of the diffusers pipeline. */
  pipeline: string;
  /** Kinds of requests that the checkpoint can serve. */
  serves: string[];
  components: ComponentSummary[];
  memory: PlannedMemory[];
}

export interface ComponentSummary {
  name: string;
  className: string;
  parameters: number;
  /** Of its stored tensors. */
  bytes: number;
  tensors: TensorSummary[];
}

/** Tensors whose names differ in numbers alone: `layers.*.attention.to_q.weight`. */
export interface TensorSummary {
  name: string;
  type: StoredType;
  dims: readonly number[];
  count: number;
}

/** An estimate, with the options it holds for. */
export interface PlannedMemory extends MemoryEstimate {
  executionProviders: string[];
  precision: Precision;
  weights: Weights;
  textEncoderProvider?: 'cpu';
}

const plans: Omit<CheckpointOptions, 'checkpoint'>[] = [
  { executionProviders: ['cpu'], precision: 'float32' },
  { executionProviders: ['cpu'], precision: 'float32', weights: 'stored' },
  { executionProviders: ['cpu'], precision: 'int8' },
  { executionProviders: ['cuda'], precision: 'bfloat16' },
  { executionProviders: ['cuda'], precision: 'bfloat16', textEncoderProvider: 'cpu' },
  { executionProviders: ['cuda'], precision: 'bfloat16', textEncoderProvider: 'cpu', weights: 'stored' },
  { executionProviders: ['cuda'], precision: 'float32' },
];

/**
 * What is in a checkpoint and what it takes to run it. Reads configs and headers; loads no weights.
 * @throws CheckpointError naming file and field when the checkpoint is damaged or not supported
 */
export function inspectCheckpoint(directory: string, load: Load): CheckpointSummary {
  const checkpoint = openCheckpoint(directory);
  const { pipeline, components } = listClasses(checkpoint);
  const { configs } = checkpointGraphs(checkpoint);
  return {
    pipeline,
    serves: ['text-to-image', 'image-to-image', 'inpaint', ...(configs.edit ? ['edit'] : [])],
    components: [...components].map(([name, className]) =>
      summarize(name, className, checkpoint.hasWeights(name) ? checkpoint.weights(name).all : []),
    ),
    memory: plans.map((options) => {
      const plan = planNetworks(options);
      return {
        executionProviders: [...plan.transformer.executionProviders],
        precision: plan.precision,
        weights: options.weights ?? 'computed',
        ...(options.textEncoderProvider && { textEncoderProvider: options.textEncoderProvider }),
        ...estimateMemory(configs, plan, load),
      };
    }),
  };
}

function summarize(name: string, className: string, tensors: readonly StoredTensor[]): ComponentSummary {
  const groups = new Map<string, TensorSummary>();
  for (const { name: tensor, type, dims } of tensors) {
    const pattern = tensor.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*');
    const key = JSON.stringify([pattern, type, dims]);
    const count = (groups.get(key)?.count ?? 0) + 1;
    groups.set(key, { name: pattern, type, dims, count });
  }
  return {
    name,
    className,
    parameters: tensors.reduce((sum, { dims }) => sum + sizeOf(dims), 0),
    bytes: tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
    tensors: [...groups.values()],
  };
}
