import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { CheckpointOptions } from '../engine-types.js';
import type { Graph } from '../graph/graph-builder.js';
import type { CheckpointComponents } from '../pipelines/components.js';
import { DeferredSession } from '../session/deferred-session.js';
import { OnnxSession } from '../session/onnx-session.js';
import { AutoEncoderImageDecoder, AutoEncoderImageEncoder } from './auto-encoder.js';
import { checkpointGraphs } from './checkpoint-graphs.js';
import type { CheckpointConfigs, CheckpointGraphs, EditGraphs } from './checkpoint-graphs.js';
import { planNetworks, type NetworkPlan, type Placement } from './network-plan.js';
import { proveAccelerator } from './prove-accelerator.js';
import { Qwen3Encoder } from './qwen3-encoder.js';
import { Siglip2Encoder } from './siglip2-encoder.js';
import { ZImageDenoiser } from './z-image-denoiser.js';
import { ZImageOmni } from './z-image-omni.js';

/**
 * Loads the networks of a checkpoint.
 * @throws CheckpointError naming file and field when the checkpoint is damaged or not supported
 * @throws ExecutionProviderError when an execution provider is missing or takes no work; PrecisionError
 */
export async function openComponents(
  checkpoint: Checkpoint,
  options: Omit<CheckpointOptions, 'checkpoint'> = {},
): Promise<CheckpointComponents> {
  const plan = planNetworks(options);
  const { configs, graphs, editGraphs } = checkpointGraphs(checkpoint, plan);
  const { encoder: encoderGraph, ...others } = graphs;
  await proveAccelerator(plan.transformer);
  const sessions = await openSessions(others, plan, options.threads);
  // Most requests bring no image, and a load must not take longer for those that do.
  const deferred = (graph: Graph, { executionProviders }: Placement) =>
    new DeferredSession(graph, { executionProviders, threads: options.threads });
  const encoder = deferred(encoderGraph, plan.autoEncoder);
  const edit = configs.edit && editGraphs ? openEdit(configs.edit, editGraphs, plan, deferred) : null;
  const closing = [encoder, ...Object.values(sessions), ...Object.values(edit?.sessions ?? {})];
  return {
    textEncoder: new Qwen3Encoder(configs.textEncoder, sessions.textEncoder),
    denoiser: new ZImageDenoiser(configs.transformer, sessions, { oneSamplePerCall: plan.step.form.int8Products }),
    imageEncoder: new AutoEncoderImageEncoder(encoder),
    imageDecoder: new AutoEncoderImageDecoder(sessions.decoder),
    edit: edit && new ZImageOmni(configs.transformer, edit.encoder, { caption: sessions.caption, ...edit.sessions }),
    latentChannels: configs.transformer.latentChannels,
    vaeScale: configs.autoEncoder.scale,
    patchSize: configs.transformer.patchSize,
    close: async () => {
      await Promise.all(closing.map((session) => session.close()));
    },
  };
}

function openEdit(
  { vision, preprocessing }: NonNullable<CheckpointConfigs['edit']>,
  graphs: EditGraphs,
  plan: NetworkPlan,
  open: (graph: Graph, placement: Placement) => DeferredSession,
) {
  const sessions = {
    visionEncoder: open(graphs.visionEncoder, plan.autoEncoder),
    vision: open(graphs.vision, plan.transformer),
    reference: open(graphs.reference, plan.transformer),
  };
  return { sessions, encoder: new Siglip2Encoder(vision, preprocessing, sessions.visionEncoder) };
}

/** The graphs that every request runs. */
type LoadedGraphs = Omit<CheckpointGraphs, 'encoder'>;
type Sessions = Record<keyof LoadedGraphs, OnnxSession>;

async function openSessions(graphs: LoadedGraphs, plan: NetworkPlan, threads?: number): Promise<Sessions> {
  const placements: Record<keyof LoadedGraphs, Placement> = {
    textEncoder: plan.textEncoder,
    caption: plan.transformer,
    modulation: plan.transformer,
    step: plan.step,
    decoder: plan.autoEncoder,
  };
  const opened: [string, OnnxSession][] = [];
  try {
    for (const [name, graph] of Object.entries(graphs)) {
      const { executionProviders } = placements[name as keyof LoadedGraphs];
      opened.push([name, await OnnxSession.open(graph, { executionProviders, threads })]);
    }
    return Object.fromEntries(opened) as Sessions;
  } catch (error) {
    await Promise.all(opened.map(([, session]) => session.close()));
    throw error;
  }
}
