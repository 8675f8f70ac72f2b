import { Batcher } from './batcher/batcher.js';
import { runThrough, warmUp, type StepCost } from './batcher/warm-up.js';
import type { EngineOptions, ImageEngine, ImageObserver, ImageRequest, MadeImage } from './engine-types.js';
import { openPipeline, type OpenPipeline } from './open-pipeline.js';
import type { PipelineRequest, PipelineSource } from './pipelines/pipeline-request.js';

/** Most samples of one transformer call: beyond four a CPU gains nothing and a call only gets longer (docs/numerics.md). */
export const samplesPerCall = 4;

/** One step of a small image: the first run of each network allocates its memory. */
const warmUpImage: ImageRequest = {
  prompt: 'warm-up',
  negativePrompt: null,
  width: 256,
  height: 256,
  steps: 1,
  guidanceScale: 0,
  cfgNormalization: false,
  cfgTruncation: 1,
  seed: 0,
};

/**
 * For a checkpoint that edits: its first edit would otherwise load the networks that only images go through. Small, as a start
 * waits for it; the vision encoder has as much to do for any size.
 */
const warmUpEdit: ImageRequest = { ...warmUpImage, width: 64, height: 64 };
const warmUpReference: PipelineSource = {
  kind: 'edit',
  images: [{ width: 64, height: 64, pixels: new Uint8Array(64 * 64 * 3) }],
};

/**
 * Opens a checkpoint, warms it up and starts its batch.
 * @throws CheckpointError naming file and field; MemoryInsufficient; ExecutionProviderError; NonFiniteOutput naming the network
 */
export async function openEngine({ tokenBudget, ...options }: EngineOptions): Promise<ImageEngine> {
  const opened = await openPipeline(options, { tokenBudget, samplesPerCall });
  try {
    const { pipeline } = opened;
    const measured = await warmUp(pipeline, toPipelineRequest(warmUpImage, null), samplesPerCall);
    // After the measurement: what it loads and runs beside would disturb that.
    if (pipeline.edits) await runThrough(pipeline, toPipelineRequest(warmUpEdit, warmUpReference));
    return new BatchedEngine(opened, { ...measured, tokenBudget: Math.min(tokenBudget, measured.tokenBudget) });
  } catch (error) {
    await opened.close();
    throw error;
  }
}

class BatchedEngine implements ImageEngine {
  private readonly batcher;

  constructor(
    private readonly opened: OpenPipeline,
    readonly stepCost: StepCost,
  ) {
    this.batcher = new Batcher(opened.pipeline, {
      ...stepCost,
      samplesPerCall,
      finishesAtOnce: opened.pipeline.finishesAtOnce,
    });
  }

  get tokensInFlight(): number {
    return this.batcher.tokensInFlight;
  }

  async run(request: ImageRequest, observer?: ImageObserver, signal?: AbortSignal): Promise<MadeImage> {
    const { source } = await this.opened.pipeline.read(request.source, request);
    const asked = toPipelineRequest(request, source);
    this.opened.pipeline.check(asked);
    const steps = this.opened.pipeline.steps(asked);
    const { result, computeMs, batch } = await this.batcher.run(asked, {
      alone: request.alone ?? false,
      onStep: (step) => observer?.onStep?.(step, steps),
      ...(observer?.onPreview && {
        previewEvery: request.previewEvery ?? 0,
        onPreview: (step, image) => observer.onPreview?.(step, image),
      }),
      ...(signal && { signal }),
    });
    return { ...result.image, computeMs, batch };
  }

  async close(): Promise<void> {
    await this.batcher.close();
    await this.opened.close();
  }
}

function toPipelineRequest(request: ImageRequest, source: PipelineSource | null): PipelineRequest {
  const { prompt, negativePrompt, width, height, steps, guidanceScale, cfgNormalization, cfgTruncation, seed } =
    request;
  return {
    prompt,
    negativePrompt,
    source,
    width,
    height,
    steps,
    guidance: { scale: guidanceScale, normalization: cfgNormalization ? 1 : 0, truncation: cfgTruncation },
    noise: { seed, index: 0, count: 1 },
  };
}
