import { eulerStep } from '../scheduler/euler-step.js';
import type { Schedule } from '../scheduler/flow-match-schedule.js';
import { Tensor } from '../tensor/tensor.js';
import type { Condition, DenoiserSample } from './components.js';
import { addNoise } from '../scheduler/add-noise.js';
import type { KeptRegion } from './initial-latents.js';
import { guidanceScaleAt, guide, type Guidance } from './guidance.js';

/** One request between two steps. A value: `afterStep` makes the next one. */
export interface Denoising {
  /** [channels, height, width], float32 from the first noise to the last step. */
  readonly latents: Tensor;
  /** Steps done. */
  readonly step: number;
  readonly schedule: Schedule;
  /** [steps, width] */
  readonly modulations: Tensor;
  readonly positive: Condition;
  /** null without guidance. */
  readonly negative: Condition | null;
  readonly guidance: Guidance;
  /** null unless inpainting. */
  readonly kept: KeptRegion | null;
  /** The last step's x0 − noise, guided; null before the first step. */
  readonly prediction: Float32Array | null;
}

/** What the next step asks of the transformer: the positive half, then the negative one if it is guided; none at the end. */
export function samplesOf(state: Denoising): DenoiserSample[] {
  const { latents, modulations, positive, negative, step } = state;
  if (step === modulations.rows) return [];
  const modulation = modulations.row(step);
  const captions = negative && scaleOf(state) > 0 ? [positive, negative] : [positive];
  return captions.map((caption) => ({ latents, caption, modulation }));
}

/** The state after a step, given the transformer's outputs for its samples. */
export function afterStep(state: Denoising, [positive, negative]: readonly Tensor[]): Denoising {
  if (!positive) throw new RangeError('a step needs the transformer’s output');
  const { latents, schedule, step, guidance, kept } = state;
  const prediction = negative
    ? guide(positive.data, negative.data, scaleOf(state), guidance.normalization)
    : positive.data;
  const sigmaNext = schedule.sigmas[step + 1] ?? 0;
  const stepped = eulerStep(latents.data, prediction, schedule.sigmas[step] ?? 0, sigmaNext);
  const next = kept ? withKeptRegion(stepped, kept, sigmaNext) : stepped;
  return { ...state, latents: new Tensor(next, latents.dims), step: step + 1, prediction };
}

/** The final latents as the last step's prediction has them: x0 = latents + sigma · (x0 − noise). */
export function foreseenLatents({ latents, schedule, step, prediction, kept }: Denoising): Tensor {
  if (!prediction) return latents;
  const sigma = schedule.sigmas[step] ?? 0;
  const foreseen = latents.data.map((value, i) => value + sigma * (prediction[i] ?? 0));
  return new Tensor(kept ? withKeptRegion(foreseen, kept, 0) : foreseen, latents.dims);
}

/** The source image at the same noise level takes the place of what lies outside the mask. */
function withKeptRegion(latents: Float32Array, { mask, ...source }: KeptRegion, sigma: number): Float32Array {
  const blended = addNoise(source.latents.data, source.noise.data, sigma);
  const area = mask.data.length;
  for (let i = 0; i < blended.length; i++) if (mask.data[i % area] === 1) blended[i] = latents[i] ?? 0;
  return blended;
}

const scaleOf = ({ guidance, schedule, step }: Denoising): number =>
  guidanceScaleAt(guidance, schedule.times[step] ?? 0);
