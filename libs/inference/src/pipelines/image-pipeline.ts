import { toPixels, type RgbImage } from '../image/pixels.js';
import { toVaeInput } from '../image/vae-input.js';
import { firstStep, flowMatchSchedule, scheduleFrom } from '../scheduler/flow-match-schedule.js';
import type { SchedulerConfig } from '../scheduler/scheduler-config.js';
import { Tensor } from '../tensor/tensor.js';
import type { PromptTokenizer } from '../tokenizer/prompt-tokenizer.js';
import type {
  CheckpointComponents,
  Condition,
  DenoiserSample,
  EditComponents,
  EncodedReference,
} from './components.js';
import { afterStep, foreseenLatents, samplesOf, type Denoising } from './denoising.js';
import { centerCrop, readEditSource, wholeTokens, type ImageSize } from './edit-source.js';
import type { ImageSource } from './image-source.js';
import { initialLatents } from './initial-latents.js';
import { finite } from './non-finite-output.js';
import type { PipelineRequest, PipelineSource } from './pipeline-request.js';
import { UnsupportedSource, UnsupportedStrength } from './unsupported-request.js';
import { UnsupportedSize } from './unsupported-size.js';

/** Text encoder outputs, [length, hidden] for each part of the prompt; only an edit has several. */
export interface PromptEmbeds {
  positive: readonly Tensor[];
  /** null without guidance. */
  negative: readonly Tensor[] | null;
}

export interface PipelineResult {
  /** Final latents, [channels, height, width], before the VAE's shift and scale are undone. */
  latents: Tensor;
  image: RgbImage;
}

/**
 * diffusers' ZImagePipeline, ZImageImg2ImgPipeline, ZImageInpaintPipeline and ZImageOmniPipeline on one open checkpoint, cut
 * into the stages that the batcher runs. A request's source decides what the first step starts from, what is attended to
 * beside the image and what is kept after each step; all else is common, so that requests of every kind share calls.
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
    if (source.kind === 'edit') this.editComponents();
    else checkStrength(source.strength, steps);
  }

  /** Whether the checkpoint edits images. */
  get edits(): boolean {
    return this.components.edit !== null;
  }

  /** Results whose decoding may share a call. */
  get finishesAtOnce(): number {
    return this.components.imageDecoder.imagesPerCall;
  }

  /** Steps that a request runs: those that its strength leaves of the schedule. */
  steps({ steps, source }: Pick<PipelineRequest, 'steps' | 'source'>): number {
    return steps - firstStepOf({ steps, source });
  }

  /**
   * The source as a request carries it, and the size of an image made from it where none is given: an edit's is that of its
   * last reference.
   * @param size null: not given
   * @throws InputImageError naming the image; UnsupportedSource
   */
  async read(
    source: ImageSource | undefined,
    size: ImageSize | null,
  ): Promise<{ source: PipelineSource | null; size: ImageSize | null }> {
    if (source?.kind !== 'edit') return { source: source ?? null, size };
    this.editComponents();
    const edit = await readEditSource(source.images, size, this.pixelsPerToken);
    const last = edit.images.at(-1);
    return { source: edit, size: size ?? (last ? wholeTokens(last, this.pixelsPerToken) : null) };
  }

  /** Image tokens × guidance passes; those of reference images count too, with their patches. */
  tokens({ width, height, source, guidance }: PipelineRequest): number {
    const references = source?.kind === 'edit' ? source.images.map((image) => this.referenceTokens(image)) : [];
    const tokens = references.reduce((sum, each) => sum + each, this.imageTokens(width, height));
    return tokens * (guidance.scale > 0 ? 2 : 1);
  }

  async prepare(request: PipelineRequest): Promise<Denoising> {
    const [embeds, references] = await Promise.all([this.embed(request), this.references(request)]);
    return this.start(request, embeds, references);
  }

  async embed({ prompt, negativePrompt, source, guidance }: PipelineRequest): Promise<PromptEmbeds> {
    const [positive, negative] = await Promise.all([
      this.encode(prompt, source),
      guidance.scale > 0 ? this.encode(negativePrompt ?? '', source) : null,
    ]);
    return { positive, negative };
  }

  /** The reference images of an edit, encoded; none for other requests. */
  async references({ source }: PipelineRequest): Promise<EncodedReference[]> {
    if (source?.kind !== 'edit') return [];
    const { vision } = this.editComponents();
    const encoded: EncodedReference[] = [];
    for (const image of source.images) {
      const { mean } = await this.components.imageEncoder.encode(toVaeInput(centerCrop(image, this.pixelsPerToken)));
      const features = await vision.encode(image);
      encoded.push({
        latents: finite(mean, 'vae'),
        vision: { ...features, hidden: finite(features.hidden, 'siglip') },
      });
    }
    return encoded;
  }

  /** The state before the first step. */
  async start(
    request: PipelineRequest,
    { positive, negative }: PromptEmbeds,
    references: readonly EncodedReference[],
  ): Promise<Denoising> {
    const { denoiser } = this.components;
    const { width, height, steps, guidance } = request;
    const condition = (parts: readonly Tensor[]): Promise<Condition> =>
      request.source?.kind === 'edit'
        ? this.editComponents().condition(parts, references)
        : denoiser.caption(Tensor.concat(parts));
    const whole = flowMatchSchedule(this.scheduler, steps, this.imageTokens(width, height));
    const schedule = scheduleFrom(whole, firstStepOf(request));
    // Together: between two steps of others each of them would wait for the next.
    const [latents, modulations, positiveCondition, negativeCondition] = await Promise.all([
      initialLatents(request, schedule.sigmas[0] ?? 0, this.components),
      denoiser.modulations(Array.from(schedule.times)),
      condition(positive),
      negative && condition(negative),
    ]);
    return {
      ...latents,
      step: 0,
      schedule,
      modulations,
      positive: positiveCondition,
      negative: negativeCondition,
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

  private referenceTokens(image: RgbImage): number {
    const { width, height } = wholeTokens(image, this.pixelsPerToken);
    return this.imageTokens(width, height) + this.editComponents().vision.maxPatches;
  }

  private editComponents(): EditComponents {
    const { edit } = this.components;
    if (!edit) throw new UnsupportedSource('edit: this checkpoint has no vision encoder');
    return edit;
  }

  private async encode(prompt: string, source: PipelineSource | null): Promise<Tensor[]> {
    const parts =
      source?.kind === 'edit'
        ? this.tokenizer.encodeEdit(prompt, source.images.length)
        : [this.tokenizer.encode(prompt)];
    const embeds: Tensor[] = [];
    for (const ids of parts) embeds.push(finite(await this.components.textEncoder.encode(ids), 'text_encoder'));
    return embeds;
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
