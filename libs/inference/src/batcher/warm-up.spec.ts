import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import type { StepPort } from './step-port.js';
import { warmUp } from './warm-up.js';

/** A pipeline of one step, and a clock by which its calls take what is given for their number and their samples. */
function pipelineOf(tokens: number, callMs: (call: number, samples: number) => number) {
  const stages: string[] = [];
  let nowMs = 0;
  const port: StepPort<string, number, string, string, never> = {
    tokens: () => tokens,
    steps: () => 1,
    prepare: () => Promise.resolve(0),
    samples: (step) => (step === 0 ? ['sample'] : []),
    layout: () => '',
    evaluate: (samples) => {
      nowMs += callMs(stages.length, samples.length);
      stages.push(`evaluate ${samples.length}`);
      return Promise.resolve(samples.map(() => Tensor.filled([1], 0)));
    },
    advance: (step) => step + 1,
    finish: (step) => {
      stages.push(`finish after ${step}`);
      return Promise.resolve('');
    },
    preview: () => Promise.reject(new Error('none is asked for')),
  };
  return { stages, measure: () => warmUp(port, 'warm-up', 4, () => nowMs) };
}

describe('warmUp', () => {
  it('goes through every stage, and takes the fastest of all calls but the first', async () => {
    const { measure, stages } = pipelineOf(100, (call) => [3, 10, 50][call] ?? 50);
    expect(await measure()).toMatchObject({ msPerToken: 0.1, tokenBudget: 20_000 });
    expect(stages.at(-1)).toBe('finish after 1');
  });

  it('times one call alone when calls are slow, and leaves room for one image', async () => {
    const { measure, stages } = pipelineOf(64, (call) => (call === 0 ? 0 : 2100));
    expect(await measure()).toMatchObject({ tokenBudget: 64, tokensPerCall: 256 });
    expect(stages.filter((stage) => stage.startsWith('evaluate'))).toHaveLength(2);
  });

  it('lets a call grow where it costs much whatever is in it, and not where it costs as much as its samples', async () => {
    const fixed = await pipelineOf(64, (_, samples) => 100 + samples).measure();
    const proportional = await pipelineOf(64, (_, samples) => 50 * samples).measure();
    // 100 ms of a call and 1 ms for each 64 tokens: at 19 times the former, 5 % of the call are its own.
    expect(fixed.tokensPerCall).toBe(19 * 100 * 64);
    expect(proportional.tokensPerCall).toBe(256);
  });
});
