import { toPixels, type RgbImage } from '../image/pixels.js';
import { flowMatchSchedule } from '../scheduler/flow-match-schedule.js';
import type { SchedulerConfig } from '../scheduler/scheduler-config.js';
import { torchRandn } from '../scheduler/torch-randn.js';
import { sizeOf, Tensor } from '../tensor/tensor.js';
import type { PromptTokenizer } from '../tokenizer/prompt-tokenizer.js';
import type { CheckpointComponents, DenoiserSample } from './components.js';
import { afterStep, samplesOf, type Denoising } from './denoising.js';
import type { Guidance } from './guidance.js';
import { finite } from './non-finite-output.js';
import { UnsupportedSize } from './unsupported-size.js';

export interface TextToImageRequest {
  prompt: string;
  /** null means the empty prompt; without guidance it is not read. */
  negativePrompt: string | null;
  /** Pixels. */
  width: number;
  height: number;
  steps: number;
  guidance: Guidance;
  /** This image's place among `count` images whose noise is drawn together from one generator. */
  noise: { seed: number | bigint; index: number; count: number };
}

/** Text encoder outputs, [length, hidden]; the negative one only with guidance. */
export interface PromptEmbeds {
  positive: Tensor;
  negative: Tensor | null;
}

export interface TextToImageResult {
  /** Final latents, [channels, height, width], before the VAE's shift and scale are undone. */
  latents: Tensor;
  image: RgbImage;
}

/** diffusers' ZImagePipeline on one open checkpoint, cut into the stages that the batcher runs. */
export class TextToImage {
  constructor(
    private readonly components: CheckpointComponents,
    private readonly tokenizer: PromptTokenizer,
    private readonly scheduler: SchedulerConfig,
  ) {}

  /** @throws UnsupportedSize when a side is no multiple of the checkpoint's pixels per token */
  check({ width, height }: TextToImageRequest): void {
    const multiple = this.pixelsPerToken;
    for (const [field, pixels] of [
      ['width', width],
      ['height', height],
    ] as const) {
      if (pixels < multiple || pixels % multiple !== 0) throw new UnsupportedSize(field, pixels, multiple);
    }
  }

  /** Image tokens × guidance passes. */
  tokens({ width, height, guidance }: TextToImageRequest): number {
    return this.imageTokens(width, height) * (guidance.scale > 0 ? 2 : 1);
  }

  async prepare(request: TextToImageRequest): Promise<Denoising> {
    return this.start(request, await this.embed(request));
  }

  async embed({ prompt, negativePrompt, guidance }: TextToImageRequest): Promise<PromptEmbeds> {
    return {
      positive: await this.encode(prompt),
      negative: guidance.scale > 0 ? await this.encode(negativePrompt ?? '') : null,
    };
  }

  /** The state before the first step. */
  async start(request: TextToImageRequest, { positive, negative }: PromptEmbeds): Promise<Denoising> {
    const { denoiser } = this.components;
    const { width, height, steps, guidance } = request;
    const schedule = flowMatchSchedule(this.scheduler, steps, this.imageTokens(width, height));
    return {
      latents: this.drawLatents(request),
      step: 0,
      schedule,
      modulations: await denoiser.modulations(Array.from(schedule.times)),
      positive: await denoiser.caption(positive),
      negative: negative && (await denoiser.caption(negative)),
      guidance,
    };
  }

  samples(state: Denoising): DenoiserSample[] {
    return samplesOf(state);
  }

  layout({ latents, caption }: DenoiserSample): string {
    return `${latents.dims.join('×')} + ${caption.paddedLength}`;
  }

  evaluate(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    return this.components.denoiser.velocity(samples);
  }

  advance(state: Denoising, velocities: readonly Tensor[]): Denoising {
    return afterStep(state, velocities);
  }

  /** @throws NonFiniteOutput */
  async finish({ latents }: Denoising): Promise<TextToImageResult> {
    const decoded = await this.components.imageDecoder.decode(finite(latents, 'transformer'));
    return { latents, image: toPixels(finite(decoded, 'vae')) };
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

  private drawLatents({ width, height, noise }: TextToImageRequest): Tensor {
    const { latentChannels, vaeScale } = this.components;
    const dims = [latentChannels, height / vaeScale, width / vaeScale];
    return new Tensor(torchRandn(noise.count * sizeOf(dims), noise.seed), [noise.count, ...dims]).row(noise.index);
  }
}
