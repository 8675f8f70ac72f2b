import { toPixels, type RgbImage } from '../image/pixels.js';
import { firstStep, flowMatchSchedule, scheduleFrom } from '../scheduler/flow-match-schedule.js';
import type { SchedulerConfig } from '../scheduler/scheduler-config.js';
import type { Tensor } from '../tensor/tensor.js';
import type { PromptTokenizer } from '../tokenizer/prompt-tokenizer.js';
import type { CheckpointComponents, DenoiserSample } from './components.js';
import { afterStep, foreseenLatents, samplesOf, type Denoising } from './denoising.js';
import { initialLatents } from './initial-latents.js';
import { finite } from './non-finite-output.js';
import type { PipelineRequest } from './pipeline-request.js';
import { UnsupportedSource, UnsupportedStrength } from './unsupported-request.js';
import { UnsupportedSize } from './unsupported-size.js';

/** Text encoder outputs, [length, hidden]; the negative one only with guidance. */
export interface PromptEmbeds {
  positive: Tensor;
  negative: Tensor | null;
}

export interface PipelineResult {
  /** Final latents, [channels, height, width], before the VAE's shift and scale are undone. */
  latents: Tensor;
  image: RgbImage;
}

/**
 * diffusers' ZImagePipeline, ZImageImg2ImgPipeline and ZImageInpaintPipeline on one open checkpoint, cut into the stages that
 * the batcher runs. A request's source decides what the first step starts from and what is kept after each step; all else is
 * common, so that requests of every kind share calls.
 */
export class ImagePipeline {
  constructor(
    private readonly components: CheckpointComponents,
    private readonly tokenizer: PromptTokenizer,
    private readonly scheduler: SchedulerConfig,
  ) {}

  /**
   * @throws UnsupportedSize when a side is no multiple of the checkpoint's pixels per token; UnsupportedStrength;
   * UnsupportedSource
   */
  check({ width, height, steps, source }: PipelineRequest): void {
    checkSide('width', width, this.pixelsPerToken);
    checkSide('height', height, this.pixelsPerToken);
    if (!source) return;
    if (source.kind === 'edit') throw new UnsupportedSource('edit: this checkpoint has no vision encoder');
    checkStrength(source.strength, steps);
  }

  /** Steps that a request runs: those that its strength leaves of the schedule. */
  steps({ steps, source }: Pick<PipelineRequest, 'steps' | 'source'>): number {
    return steps - firstStepOf({ steps, source });
  }

  /** Image tokens × guidance passes. */
  tokens({ width, height, guidance }: PipelineRequest): number {
    return this.imageTokens(width, height) * (guidance.scale > 0 ? 2 : 1);
  }

  async prepare(request: PipelineRequest): Promise<Denoising> {
    return this.start(request, await this.embed(request));
  }

  async embed({ prompt, negativePrompt, guidance }: PipelineRequest): Promise<PromptEmbeds> {
    return {
      positive: await this.encode(prompt),
      negative: guidance.scale > 0 ? await this.encode(negativePrompt ?? '') : null,
    };
  }

  /** The state before the first step. */
  async start(request: PipelineRequest, { positive, negative }: PromptEmbeds): Promise<Denoising> {
    const { denoiser } = this.components;
    const { width, height, steps, guidance } = request;
    const whole = flowMatchSchedule(this.scheduler, steps, this.imageTokens(width, height));
    const schedule = scheduleFrom(whole, firstStepOf(request));
    return {
      ...(await initialLatents(request, schedule.sigmas[0] ?? 0, this.components)),
      step: 0,
      schedule,
      modulations: await denoiser.modulations(Array.from(schedule.times)),
      positive: await denoiser.caption(positive),
      negative: negative && (await denoiser.caption(negative)),
      guidance,
      prediction: null,
    };
  }

  samples(state: Denoising): DenoiserSample[] {
    return samplesOf(state);
  }

  layout({ latents, caption }: DenoiserSample): string {
    return `${latents.dims.join('×')} + ${caption.layout}`;
  }

  evaluate(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    return this.components.denoiser.velocity(samples);
  }

  advance(state: Denoising, velocities: readonly Tensor[]): Denoising {
    return afterStep(state, velocities);
  }

  /** @throws NonFiniteOutput */
  async finish({ latents }: Denoising): Promise<PipelineResult> {
    return { latents, image: await this.decode(latents) };
  }

  /** The image as predicted after the last step made. @throws NonFiniteOutput */
  preview(state: Denoising): Promise<RgbImage> {
    return this.decode(foreseenLatents(state));
  }

  private async decode(latents: Tensor): Promise<RgbImage> {
    const decoded = await this.components.imageDecoder.decode(finite(latents, 'transformer'));
    return toPixels(finite(decoded, 'vae'));
  }

  private get pixelsPerToken(): number {
    return this.components.vaeScale * this.components.patchSize;
  }

  private imageTokens(width: number, height: number): number {
    return (width / this.pixelsPerToken) * (height / this.pixelsPerToken);
  }

  private async encode(prompt: string): Promise<Tensor> {
    return finite(await this.components.textEncoder.encode(this.tokenizer.encode(prompt)), 'text_encoder');
  }
}

const firstStepOf = ({ steps, source }: Pick<PipelineRequest, 'steps' | 'source'>): number =>
  source && source.kind !== 'edit' ? firstStep(steps, source.strength) : 0;

function checkSide(field: 'width' | 'height', pixels: number, multiple: number): void {
  if (pixels < multiple || pixels % multiple !== 0) throw new UnsupportedSize(field, pixels, multiple);
}

function checkStrength(strength: number, steps: number): void {
  if (!(strength >= 0 && strength <= 1))
    throw new UnsupportedStrength(`strength: must be from 0 to 1, not ${strength}`);
  if (firstStep(steps, strength) === steps) {
    throw new UnsupportedStrength(`strength: ${strength} leaves none of ${steps} steps to do`);
  }
}
