import type { GraphForm } from '../graph/graph-form.js';
import { autoEncoderDecoder } from '../models/auto-encoder-decoder.js';
import { autoEncoderEncoder } from '../models/auto-encoder-encoder.js';
import { qwen3TextEncoder } from '../models/qwen3-text-encoder.js';
import { zImageCaption } from '../models/z-image-caption.js';
import { modulationWidth, zImageModulation } from '../models/z-image-modulation.js';
import { zImageStep } from '../models/z-image-step.js';
import { bytesPerValue, type StoredTensor, type StoredType, type WeightSource } from '../tensor/stored-tensor.js';
import { sizeOf } from '../tensor/tensor.js';
import type { CheckpointConfigs, CheckpointGraphs } from './checkpoint-graphs.js';
import type { NetworkPlan, Placement } from './network-plan.js';

/** What one network takes once it has run at its largest. */
export interface NetworkMemory {
  place: 'host' | 'accelerator';
  parameters: number;
  weightBytes: number;
  activationBytes: number;
}

export interface MemoryEstimate {
  networks: Record<keyof CheckpointGraphs, NetworkMemory>;
  /** Of what every request runs. The VAE's encoder and what edits need are loaded by the first request with an image. */
  hostBytes: number;
  /** As `hostBytes`, with what a GPU's runtime takes for itself; 0 where nothing runs on one. */
  acceleratorBytes: number;
}

export interface Load {
  /** Image tokens × guidance passes in flight. */
  tokenBudget: number;
  samplesPerCall: number;
}

const bytesOf: Readonly<Record<GraphForm['compute'], number>> = { float32: 4, float16: 2, bfloat16: 2 };
/** Image tokens of 1024 × 1024 pixels: the largest image that the estimate provides for. */
const largestImageTokens = 4096;
const pixelsPerToken = 256;
const captionTokens = 512;
/** Steps whose modulations are computed in one call. */
const steps = 50;
/** The CUDA context and the workspaces of its libraries: an allowance, not a measurement. */
const gpuRuntimeBytes = 512 * 2 ** 20;
/** The step's products that are kept in int8 (layers/gated-feed-forward.ts). */
const quantizedWeight = /\.feed_forward\.w[13]\.weight$/;
/** A table of which a run reads some rows, kept in its stored type; on the host in its file, which is mapped. */
const storedTable = 'embed_tokens.weight';

/**
 * Memory of a checkpoint from its configs alone. Weights are exact, but for the embedding's type, which is taken to be
 * bfloat16. Activations are what is alive at a network's widest point with fused attention; every session keeps its own.
 */
export function estimateMemory(configs: CheckpointConfigs, plan: NetworkPlan, load: Load): MemoryEstimate {
  const { textEncoder, transformer, autoEncoder } = configs;
  const imageTokens = Math.min(load.tokenBudget, largestImageTokens);
  const callTokens = Math.min(load.tokenBudget, load.samplesPerCall * imageTokens);
  const captionsOfCall = captionTokens * Math.min(load.samplesPerCall, Math.ceil(callTokens / imageTokens));
  const pixelBytes = bytesOf.float32 * pixelsPerToken * imageTokens;
  const [firstLevel = 0, secondLevel = firstLevel] = autoEncoder.levelChannels;

  const networks: MemoryEstimate['networks'] = {
    textEncoder: network(plan.textEncoder, (weights) => qwen3TextEncoder(textEncoder, weights).weights, {
      valuesAlive: captionTokens * blockValues(textEncoder),
    }),
    caption: network(plan.transformer, (weights) => zImageCaption(transformer, weights).weights, {
      valuesAlive: captionTokens * blockValues(transformer),
    }),
    modulation: network(plan.transformer, (weights) => zImageModulation(transformer, weights).weights, {
      valuesAlive: 2 * steps * modulationWidth(transformer),
    }),
    step: network(plan.step, (weights) => zImageStep(transformer, weights).weights, {
      valuesAlive: (callTokens + captionsOfCall) * blockValues(transformer),
    }),
    // At full resolution a residual block keeps its input beside the input and output of the operator at hand. The
    // decoder's first one there still has the channels of the level below.
    encoder: network(plan.autoEncoder, (weights) => autoEncoderEncoder(autoEncoder, weights).weights, {
      bytesAlive: 3 * firstLevel * pixelBytes,
    }),
    decoder: network(plan.autoEncoder, (weights) => autoEncoderDecoder(autoEncoder, weights).weights, {
      bytesAlive: 3 * secondLevel * pixelBytes,
    }),
  };
  const acceleratorBytes = sumAt('accelerator', networks);
  return {
    networks,
    hostBytes: sumAt('host', networks),
    acceleratorBytes: acceleratorBytes === 0 ? 0 : acceleratorBytes + gpuRuntimeBytes,
  };
}

/** Values of a token alive in a block's feed-forward layer: the residual, its norm, gate, up and their product. */
function blockValues({ width, feedForwardWidth }: { width: number; feedForwardWidth: number }): number {
  return 2 * width + 3 * feedForwardWidth;
}

function network(
  { executionProviders, form }: Placement,
  build: (weights: WeightSource) => readonly StoredTensor[],
  alive: { valuesAlive: number } | { bytesAlive: number },
): NetworkMemory {
  const place = executionProviders[0] === 'cpu' ? 'host' : 'accelerator';
  const bytesEach = (name: string): number => {
    if (name === storedTable) return place === 'host' ? 0 : bytesPerValue.BF16;
    return form.int8Products && quantizedWeight.test(name) ? 1 : bytesOf[form.compute];
  };
  const weights = build(unplacedWeights);
  return {
    place,
    parameters: weights.reduce((sum, { dims }) => sum + sizeOf(dims), 0),
    weightBytes: weights.reduce((sum, { name, dims }) => sum + sizeOf(dims) * bytesEach(name), 0),
    activationBytes: 'bytesAlive' in alive ? alive.bytesAlive : alive.valuesAlive * bytesOf[form.compute],
  };
}

/** Every weight that a network asks for, in no file: only shapes are read. */
const unplacedWeights: WeightSource = {
  take: (name, dims) => {
    const type: StoredType = 'BF16';
    return { name, type, dims, file: '/', offset: 0, byteLength: sizeOf(dims) * bytesPerValue[type] };
  },
};

function sumAt(place: NetworkMemory['place'], networks: MemoryEstimate['networks']): number {
  return Object.entries(networks)
    .filter(([name, each]) => name !== 'encoder' && each.place === place)
    .reduce((sum, [, { weightBytes, activationBytes }]) => sum + weightBytes + activationBytes, 0);
}
