import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import type { StepPort } from './step-port.js';
import { warmUp } from './warm-up.js';

/** A pipeline of one step whose calls take the milliseconds given, the last of them from then on. */
function pipelineOf(tokens: number, callMs: readonly number[]) {
  const stages: string[] = [];
  const port: StepPort<string, number, string, string, never> = {
    tokens: () => tokens,
    prepare: () => Promise.resolve(0),
    samples: (step) => (step === 0 ? ['sample'] : []),
    layout: () => '',
    evaluate: async () => {
      await sleep(callMs[Math.min(stages.length, callMs.length - 1)]);
      stages.push('evaluate');
      return [Tensor.filled([1], 0)];
    },
    advance: (step) => step + 1,
    finish: (step) => {
      stages.push(`finish after ${step}`);
      return Promise.resolve('');
    },
    preview: () => Promise.reject(new Error('none is asked for')),
  };
  return { port, stages };
}

describe('warmUp', () => {
  it('goes through every stage, and times all calls but the first', async () => {
    const { port, stages } = pipelineOf(100, [300, 10, 50]);
    const { msPerToken, tokenBudget } = await warmUp(port, 'warm-up');
    expect(stages.at(-1)).toBe('finish after 1');
    expect(msPerToken).toBeLessThan(0.5);
    expect(tokenBudget).toBe(Math.floor(2000 / msPerToken));
  });

  it('times one call alone when calls are slow, and leaves room for one image', async () => {
    const { port, stages } = pipelineOf(64, [0, 2100]);
    expect((await warmUp(port, 'warm-up')).tokenBudget).toBe(64);
    expect(stages.filter((stage) => stage === 'evaluate')).toHaveLength(2);
  });
});
