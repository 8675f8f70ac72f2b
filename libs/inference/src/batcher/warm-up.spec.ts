import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import type { StepPort } from './step-port.js';
import { warmUp } from './warm-up.js';

/** A pipeline of one step whose calls take what is given for their number and their samples. */
function pipelineOf(tokens: number, callMs: (call: number, samples: number) => number) {
  const stages: string[] = [];
  const port: StepPort<string, number, string, string, never> = {
    tokens: () => tokens,
    steps: () => 1,
    prepare: () => Promise.resolve(0),
    samples: (step) => (step === 0 ? ['sample'] : []),
    layout: () => '',
    evaluate: async (samples) => {
      await sleep(callMs(stages.length, samples.length));
      stages.push(`evaluate ${samples.length}`);
      return samples.map(() => Tensor.filled([1], 0));
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
    const { port, stages } = pipelineOf(100, (call) => [300, 10, 50][call] ?? 50);
    const { msPerToken, tokenBudget } = await warmUp(port, 'warm-up', 4);
    expect(stages.at(-1)).toBe('finish after 1');
    expect(msPerToken).toBeLessThan(0.5);
    expect(tokenBudget).toBe(Math.floor(2000 / msPerToken));
  });

  it('times one call alone when calls are slow, and leaves room for one image', async () => {
    const { port, stages } = pipelineOf(64, (call) => (call === 0 ? 0 : 2100));
    expect(await warmUp(port, 'warm-up', 4)).toMatchObject({ tokenBudget: 64, tokensPerCall: 256 });
    expect(stages.filter((stage) => stage.startsWith('evaluate'))).toHaveLength(2);
  });

  it('lets a call grow where it costs much whatever is in it, and not where it costs as much as its samples', async () => {
    const fixed = await warmUp(pipelineOf(64, (_, samples) => 100 + samples).port, 'warm-up', 4);
    const proportional = await warmUp(pipelineOf(64, (_, samples) => 50 * samples).port, 'warm-up', 4);
    expect(fixed.tokensPerCall).toBeGreaterThan(1000);
    expect(proportional.tokensPerCall).toBe(256);
  });
});
