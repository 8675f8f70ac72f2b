import type { Graph } from '../graph/graph-builder.js';
import { DeferredSession } from '../session/deferred-session.js';
import { OnnxSession } from '../session/onnx-session.js';
import { SessionThread } from '../session/session-thread.js';
import type { Session } from '../session/session.js';
import type { CheckpointGraphs, EditGraphs } from './checkpoint-graphs.js';
import type { NetworkPlan, Placement } from './network-plan.js';

/** A step's operators are short: to sleep and be woken between them costs a tenth of it (docs/decisions/0023). */
const stepSpinUs = 20;

export interface OpenSessions {
  sessions: Record<keyof CheckpointGraphs, Session>;
  /** null: the checkpoint does not edit images. */
  editSessions: Record<keyof EditGraphs, Session> | null;
  close: () => Promise<void>;
}

/**
 * Loads graphs. The step runs on the caller's thread; what comes before a request's first step and what comes after its last
 * have a thread each, so that neither holds a step up (docs/decisions/0011). Graphs that only an image needs are loaded by
 * the first one: of an engine that edits, the warm-up's.
 */
export async function openSessions(
  graphs: CheckpointGraphs,
  editGraphs: EditGraphs | null,
  plan: NetworkPlan,
  threads: number | undefined,
): Promise<OpenSessions> {
  const preparing = new SessionThread('preparing');
  const decoding = new SessionThread('decoding');
  const beside = (thread: SessionThread, graph: Graph, { executionProviders, weights }: Placement) =>
    thread.open(graph, { executionProviders, weights, threads });
  const deferred = (graph: Graph, placement: Placement) =>
    new DeferredSession(() => beside(preparing, graph, placement));

  const opening = {
    textEncoder: beside(preparing, graphs.textEncoder, plan.textEncoder),
    caption: beside(preparing, graphs.caption, plan.transformer),
    modulation: beside(preparing, graphs.modulation, plan.transformer),
    decoder: beside(decoding, graphs.decoder, plan.autoEncoder),
    step: OnnxSession.open(graphs.step, {
      executionProviders: plan.step.executionProviders,
      weights: plan.step.weights,
      threads,
      spinUs: stepSpinUs,
    }),
  };
  const close = async (): Promise<void> => {
    const step = await opening.step.catch(() => null);
    await Promise.all([preparing.close(), decoding.close(), step?.close()]);
  };
  try {
    await Promise.all(Object.values(opening));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    sessions: {
      textEncoder: await opening.textEncoder,
      caption: await opening.caption,
      modulation: await opening.modulation,
      decoder: await opening.decoder,
      step: await opening.step,
      encoder: deferred(graphs.encoder, plan.autoEncoder),
    },
    editSessions: editGraphs && {
      visionEncoder: deferred(editGraphs.visionEncoder, plan.autoEncoder),
      vision: deferred(editGraphs.vision, plan.transformer),
      reference: deferred(editGraphs.reference, plan.transformer),
    },
    close,
  };
}
