import { describe, expect, it } from '@jest/globals';
import { goldenCase, textToImageCases } from '../../../../test/support/golden.js';
import { flowMatchSchedule } from './flow-match-schedule.js';
import { SchedulerConfig } from './scheduler-config.js';

const parse = (options: object): SchedulerConfig =>
  SchedulerConfig.parse({ _class_name: 'FlowMatchEulerDiscreteScheduler', ...options });
const sigmas = (options: object, steps: number, tokens = 256): number[] =>
  Array.from(flowMatchSchedule(parse(options), steps, tokens).sigmas);

// Expected values: diffusers' scheduler with the pipeline's default sigmas; equality is to the bit.
describe('flowMatchSchedule', () => {
  it.each(textToImageCases)('has the sigmas and timesteps of %s', (name) => {
    const { request } = goldenCase(name);
    const schedule = flowMatchSchedule(parse({ shift: 3 }), request.steps, 256);
    expect(Array.from(schedule.sigmas)).toEqual(request.sigmas);
    expect(Array.from(schedule.timesteps)).toEqual(request.timesteps);
  });

  it('gives the transformer (1000 − timestep) / 1000', () => {
    const { times } = flowMatchSchedule(parse({ shift: 3 }), 5, 256);
    expect(Array.from(times)).toEqual([
      0, 0.07692303508520126, 0.1818181723356247, 0.3333333134651184, 0.5714285373687744,
    ]);
  });

  it('shifts by image size, exponentially or linearly', () => {
    expect(sigmas({ use_dynamic_shifting: true }, 5)).toEqual([
      1, 0.8683324456214905, 0.7120713591575623, 0.5236161351203918, 0.29187512397766113, 0,
    ]);
    const linear = { use_dynamic_shifting: true, time_shift_type: 'linear', base_shift: 0.3, max_shift: 1.7 };
    expect(sigmas(linear, 5)).toEqual([
      1, 0.5454545617103577, 0.3103448450565338, 0.1666666716337204, 0.06976743787527084, 0,
    ]);
    expect(sigmas(linear, 5, 4096)[1]).toBeGreaterThan(sigmas(linear, 5, 256)[1]!);
  });

  it('stretches to shift_terminal', () => {
    expect(sigmas({ shift: 3, shift_terminal: 0.02 }, 5)).toEqual([
      1, 0.8680770397186279, 0.6881817579269409, 0.4283332824707031, 0.019999921321868896, 0,
    ]);
    expect(sigmas({ shift: 3, shift_terminal: 0.02 }, 1)).toEqual([1, 0]);
  });
});

describe('SchedulerConfig', () => {
  it.each(['invert_sigmas', 'use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas', 'stochastic_sampling'])(
    'refuses %s by name',
    (option) => {
      expect(() => parse({ [option]: true })).toThrow(`${option} is not supported`);
      expect(() => parse({ [option]: false })).not.toThrow();
    },
  );
});
