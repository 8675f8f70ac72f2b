import type { StepPort } from '../batcher/step-port.js';
import type { RgbImage } from '../image/pixels.js';
import type { DenoiserSample, EncodedReference } from '../pipelines/components.js';
import type { Denoising } from '../pipelines/denoising.js';
import { drawsOf, type Draws } from '../pipelines/draws.js';
import type { ImagePipeline, PipelineResult, PromptEmbeds } from '../pipelines/image-pipeline.js';
import type { PipelineRequest } from '../pipelines/pipeline-request.js';
import type { Tensor } from '../tensor/tensor.js';

/** What a run passed through. */
interface Recording {
  embeds: PromptEmbeds;
  draws: Draws;
  references: readonly EncodedReference[];
  /** The transformer's first outputs: the positive half, then the negative one. */
  firstVelocities: readonly Tensor[];
}

interface Recorded {
  state: Denoising;
  record: Recording;
}

export type RecordedResult = Recording & PipelineResult;

/** The pipeline, with what it passes through kept beside its state. */
export class RecordedPipeline implements StepPort<PipelineRequest, Recorded, DenoiserSample, RecordedResult, RgbImage> {
  constructor(private readonly pipeline: ImagePipeline) {}

  tokens(request: PipelineRequest): number {
    return this.pipeline.tokens(request);
  }

  steps(request: PipelineRequest): number {
    return this.pipeline.steps(request);
  }

  async prepare(request: PipelineRequest): Promise<Recorded> {
    const embeds = await this.pipeline.embed(request);
    const references = await this.pipeline.references(request);
    const state = await this.pipeline.start(request, embeds, references);
    const draws = drawsOf(request, state.latents.dims);
    return { state, record: { embeds, draws, references, firstVelocities: [] } };
  }

  samples({ state }: { state: Denoising }): DenoiserSample[] {
    return this.pipeline.samples(state);
  }

  layout(sample: DenoiserSample): string {
    return this.pipeline.layout(sample);
  }

  evaluate(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    return this.pipeline.evaluate(samples);
  }

  advance({ state, record }: Recorded, velocities: readonly Tensor[]): Recorded {
    return {
      state: this.pipeline.advance(state, velocities),
      record: state.step === 0 ? { ...record, firstVelocities: velocities } : record,
    };
  }

  async finish({ state, record }: Recorded): Promise<RecordedResult> {
    return { ...record, ...(await this.pipeline.finish(state)) };
  }

  preview({ state }: Recorded): Promise<RgbImage> {
    return this.pipeline.preview(state);
  }
}
