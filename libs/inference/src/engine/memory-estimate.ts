import type { GraphForm } from '../graph/graph-form.js';
import { autoEncoderDecoder } from '../models/auto-encoder-decoder.js';
import { autoEncoderEncoder } from '../models/auto-encoder-encoder.js';
import { qwen3TextEncoder } from '../models/qwen3-text-encoder.js';
import { siglip2VisionEncoder } from '../models/siglip2-vision-encoder.js';
import { zImageCaption } from '../models/z-image-caption.js';
import { modulationWidth, zImageModulation } from '../models/z-image-modulation.js';
import { zImageReference, zImageVision } from '../models/z-image-omni-conditions.js';
import { firstQuantizableLayer, zImageStep } from '../models/z-image-step.js';
import { bytesPerValue, type StoredTensor, type StoredType, type WeightSource } from '../tensor/stored-tensor.js';
import { sizeOf } from '../tensor/tensor.js';
import type { CheckpointConfigs, CheckpointGraphs, EditGraphs } from './checkpoint-graphs.js';
import type { NetworkPlan, Placement } from './network-plan.js';

/** What one network takes once it has run at its largest. */
export interface NetworkMemory {
  place: 'host' | 'accelerator';
  /** Whether every worker of this checkpoint runs it; otherwise the first request with an image loads it. */
  always: boolean;
  parameters: number;
  weightBytes: number;
  /** Beside its weights, while it is loaded: before anything has activations. */
  loadingBytes: number;
  /** Also the casts of weights that stay as they are stored. */
  activationBytes: number;
}

export interface MemoryEstimate {
  networks: Record<keyof CheckpointGraphs, NetworkMemory> & Partial<Record<keyof EditGraphs, NetworkMemory>>;
  /** What processes and libraries take beside the networks. */
  runtimeBytes: Record<NetworkMemory['place'], number>;
  /** Of the networks that are always run, with the runtime's. */
  hostBytes: number;
  /** The same on the GPU; 0 where nothing runs on one. */
  acceleratorBytes: number;
}

export interface Load {
  /** Image tokens × guidance passes in flight. */
  tokenBudget: number;
  samplesPerCall: number;
}

const bytesOf: Readonly<Record<GraphForm['compute'], number>> = { float32: 4, float16: 2, bfloat16: 2 };
/** Image tokens of 1024 × 1024 pixels: the largest image that the estimate provides for. */
export const largestImageTokens = 4096;
/** Tokens that a prompt is cut to. */
export const captionTokens = 512;
/** Steps whose modulations are computed in one call. */
const steps = 50;
/** A process with Node, ONNX Runtime and its two threads, as measured. */
const hostRuntimeBytes = 176 * 2 ** 20;
/** What glibc keeps of what loading frees: a share of the weights, up to the bound; as measured. */
const keptByLoading = { share: 0.2, bound: 384 * 2 ** 20 };
/** The CUDA context and the workspaces of its libraries: an allowance, not a measurement. */
const gpuRuntimeBytes = 512 * 2 ** 20;
/** Of the step, where a layer is quantizable. */
const quantizableWeight = /^layers\.(\d+)\.feed_forward\.w[13]\.weight$/;
/** Beside a value of theirs in int8 while they are loaded: the same in float32, and in int8 once more (layers/int8-product.ts). */
const quantizedLoadingBytes = 5;
/** A table of which a run reads some rows, kept in its stored type; on the host in its file, which is mapped. */
const storedTable = 'embed_tokens.weight';
/**
 * What a run holds of weights that stay as they are stored, in its largest in float32: the one that is used, and what the arena
 * keeps for those of other sizes; as measured.
 */
const castsHeld = 3;

/**
 * Memory of a checkpoint from its configs alone. Weights are exact, but for the embedding's type, which is taken to be
 * bfloat16; those that stay in their files take none: their pages are the system's to take back. Activations are what is alive at a network's widest point with fused attention; every session keeps its own.
 * What it is off by on a CPU is in docs/operations.md, Memory.
 */
export function estimateMemory(configs: CheckpointConfigs, plan: NetworkPlan, load: Load): MemoryEstimate {
  const { textEncoder, transformer, autoEncoder, edit } = configs;
  const imageTokens = Math.min(load.tokenBudget, largestImageTokens);
  const callTokens = Math.min(load.tokenBudget, load.samplesPerCall * imageTokens);
  const captionsOfCall = captionTokens * Math.min(load.samplesPerCall, Math.ceil(callTokens / imageTokens));
  const pixelBytes = bytesOf.float32 * imageTokens * (autoEncoder.scale * transformer.patchSize) ** 2;
  const [firstLevel = 0, secondLevel = firstLevel] = autoEncoder.levelChannels;
  const edits = edit !== null;
  // A CPU's convolutions want another order of channels, and so one more copy: as measured. On a GPU nothing is.
  const decoderOnHost = plan.autoEncoder.executionProviders[0] === 'cpu';

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
    // The first residual block at full resolution, with a norm over pixels: its input, the halves of it, those pixel by pixel and
    // their squares, with what the arena loses between them.
    encoder: network(plan.autoEncoder, (weights) => autoEncoderEncoder(autoEncoder, weights).weights, {
      bytesAlive: (6 * firstLevel + 2 * autoEncoder.imageChannels) * pixelBytes,
      always: edits,
    }),
    // The first residual block at full resolution: its input, with the channels of the level below, the norm and what follows.
    decoder: network(plan.autoEncoder, (weights) => autoEncoderDecoder(autoEncoder, weights).weights, {
      bytesAlive: ((decoderOnHost ? 4 : 3) * secondLevel + 4 * autoEncoder.imageChannels) * pixelBytes,
    }),
    ...(edit && editNetworks(configs, edit, imageTokens, plan)),
  };
  const runtimeBytes = { host: hostRuntimeBytes, accelerator: gpuRuntimeBytes };
  const host = sumAt('host', networks);
  const accelerator = sumAt('accelerator', networks);
  return {
    networks,
    runtimeBytes,
    hostBytes: host.bytes + Math.min(keptByLoading.share * host.weightBytes, keptByLoading.bound) + hostRuntimeBytes,
    acceleratorBytes: accelerator.bytes === 0 ? 0 : accelerator.bytes + gpuRuntimeBytes,
  };
}

/** Values of a token alive in a block's feed-forward layer: the residual, its norm, gate, up and their product. */
function blockValues({ width, feedForwardWidth }: { width: number; feedForwardWidth: number }): number {
  return 2 * width + 3 * feedForwardWidth;
}

/** What a checkpoint that edits runs beside, for one reference image of the largest size at a time. */
function editNetworks(
  { transformer }: CheckpointConfigs,
  edit: NonNullable<CheckpointConfigs['edit']>,
  imageTokens: number,
  plan: NetworkPlan,
): Record<keyof EditGraphs, NetworkMemory> {
  const { vision, preprocessing } = edit;
  return {
    visionEncoder: network(plan.autoEncoder, (weights) => siglip2VisionEncoder(vision, weights).weights, {
      valuesAlive: preprocessing.maxPatches * blockValues(vision),
    }),
    vision: network(plan.transformer, (weights) => zImageVision(transformer, vision.width, weights).weights, {
      valuesAlive: preprocessing.maxPatches * blockValues(transformer),
    }),
    reference: network(plan.transformer, (weights) => zImageReference(transformer, weights).weights, {
      valuesAlive: imageTokens * transformer.width,
    }),
  };
}

function network(
  { executionProviders, form, weights: use }: Placement,
  build: (weights: WeightSource) => readonly StoredTensor[],
  { always = true, ...alive }: ({ valuesAlive: number } | { bytesAlive: number }) & { always?: boolean },
): NetworkMemory {
  const place = executionProviders[0] === 'cpu' ? 'host' : 'accelerator';
  const isQuantized = (name: string): boolean =>
    form.quantizedWeights !== null && Number(quantizableWeight.exec(name)?.[1] ?? -1) >= firstQuantizableLayer;
  const stored = use === 'stored';
  const bytesEach = (name: string): number => {
    if (stored) return 0;
    if (name === storedTable) return place === 'host' ? 0 : bytesPerValue.BF16;
    return isQuantized(name) ? 1 : bytesOf[form.compute];
  };
  const weights = build(unplacedWeights);
  const sum = (factorOf: (name: string) => number): number =>
    weights.reduce((total, { name, dims }) => total + sizeOf(dims) * factorOf(name), 0);
  const largest = Math.max(...weights.filter(({ name }) => name !== storedTable).map(({ dims }) => sizeOf(dims)));
  const castBytes = stored ? castsHeld * largest * bytesOf.float32 : 0;
  return {
    place,
    always,
    parameters: sum(() => 1),
    weightBytes: sum(bytesEach),
    loadingBytes: sum((name) => (isQuantized(name) ? quantizedLoadingBytes : 0)),
    activationBytes: castBytes + ('bytesAlive' in alive ? alive.bytesAlive : alive.valuesAlive * bytesOf[form.compute]),
  };
}

/** Every weight that a network asks for, in no file: only shapes are read. */
const unplacedWeights: WeightSource = {
  take: (name, dims) => {
    const type: StoredType = 'BF16';
    return { name, type, dims, file: '/', offset: 0, byteLength: sizeOf(dims) * bytesPerValue[type] };
  },
};

function sumAt(
  place: NetworkMemory['place'],
  networks: MemoryEstimate['networks'],
): { weightBytes: number; bytes: number } {
  const own = Object.values(networks).filter((network) => network.always && network.place === place);
  const sum = (field: 'weightBytes' | 'activationBytes') => own.reduce((total, each) => total + each[field], 0);
  const loading = Math.max(0, ...own.map(({ loadingBytes }) => loadingBytes));
  return { weightBytes: sum('weightBytes'), bytes: sum('weightBytes') + Math.max(sum('activationBytes'), loading) };
}
