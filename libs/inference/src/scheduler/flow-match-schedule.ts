import type { SchedulerConfig } from './scheduler-config.js';

const f32 = Math.fround;

/** One request's noise levels. */
export interface Schedule {
  /** Falling noise levels, float32: one per step and the final 0 (steps + 1). */
  readonly sigmas: Float32Array;
  /** sigma × number of training timesteps, float32, one per step. */
  readonly timesteps: Float32Array;
  /** What the transformer is given: (1000 − timestep) / 1000, rising from 0; one per step. */
  readonly times: Float32Array;
}

/**
 * The schedule of diffusers' ZImagePipeline with FlowMatchEulerDiscreteScheduler.set_timesteps, rounded to float32 after
 * every operation as NumPy and torch do there, so that its values are theirs to the bit.
 */
export function flowMatchSchedule(config: SchedulerConfig, steps: number, imageTokens: number): Schedule {
  const shifted = linspace(1, 1 / steps, steps).map(shiftOf(config.shift, imageTokens));
  const levels = config.terminal === null ? shifted : stretchTo(config.terminal, shifted);
  const timesteps = levels.map((sigma) => sigma * config.trainTimesteps);
  return {
    sigmas: Float32Array.of(...levels, 0),
    timesteps,
    times: timesteps.map((timestep) => f32(1000 - timestep) / 1000),
  };
}

/**
 * The first step of a request that starts from an image: with strength 1 the first of all, with strength 0 none is left.
 * Rounded as diffusers' get_timesteps does it in float64, down to the earlier step.
 */
export function firstStep(steps: number, strength: number): number {
  return Math.floor(Math.max(steps - Math.min(steps * strength, steps), 0));
}

/** The schedule from a step on. */
export function scheduleFrom({ sigmas, timesteps, times }: Schedule, step: number): Schedule {
  return { sigmas: sigmas.subarray(step), timesteps: timesteps.subarray(step), times: times.subarray(step) };
}

/** torch.linspace in float32: from the start up to the middle, from the end beyond it; a fused multiply-add rounds once. */
function linspace(start: number, end: number, count: number): Float32Array {
  if (count === 1) return Float32Array.of(start);
  const step = f32(f32(f32(end) - start) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < Math.floor(count / 2) ? start + step * i : f32(end) - step * (count - i - 1),
  );
}

function shiftOf(shift: SchedulerConfig['shift'], imageTokens: number): (sigma: number) => number {
  if (shift.type === 'constant') {
    const { factor } = shift;
    return (sigma) => f32(f32(factor) * sigma) / f32(1 + f32(f32(factor - 1) * sigma));
  }
  const slope = (shift.maxShift - shift.baseShift) / (shift.maxTokens - shift.baseTokens);
  const mu = imageTokens * slope + (shift.baseShift - slope * shift.baseTokens);
  const weight = f32(shift.type === 'exponential' ? Math.exp(mu) : mu);
  return (sigma) => weight / f32(weight + f32(f32(1 / sigma) - 1));
}

/** Stretches the schedule so that its last level is `terminal`; the single level of one step stays at 1. */
function stretchTo(terminal: number, sigmas: Float32Array): Float32Array {
  if (sigmas.length === 1) return sigmas;
  const scale = f32(f32(1 - (sigmas.at(-1) ?? 0)) / f32(1 - terminal));
  return sigmas.map((sigma) => 1 - f32(f32(1 - sigma) / scale));
}
