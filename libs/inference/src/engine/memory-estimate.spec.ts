import { describe, expect, it } from '@jest/globals';
import { publishedConfigs } from '../../../../test/support/published-configs.js';
import { estimateMemory } from './memory-estimate.js';
import { planNetworks } from './network-plan.js';

const GiB = 2 ** 30;

/** One image of 1024 × 1024 at a time, without guidance. */
const turbo = { tokenBudget: 4096, samplesPerCall: 4 };
const estimate = (options: Parameters<typeof planNetworks>[0], load = turbo) =>
  estimateMemory(publishedConfigs, planNetworks(options), load);

describe('estimateMemory of the published 6B model', () => {
  it('counts its parameters', () => {
    const { caption, modulation, step, textEncoder, encoder, decoder } = estimate({}).networks;
    expect((caption.parameters + modulation.parameters + step.parameters) / 1e9).toBeCloseTo(6.15, 2);
    // Of Qwen3-4B's 4.02 the last layer and the final norm are not loaded.
    expect(textEncoder.parameters / 1e9).toBeCloseTo(3.92, 2);
    expect((encoder.parameters + decoder.parameters) / 1e6).toBeCloseTo(83.8, 0);
  });

  it('fits 16 GB in bfloat16 with the text encoder on the CPU, and not without', () => {
    const apart = estimate({ executionProviders: ['cuda'], textEncoderProvider: 'cpu' });
    expect(apart.acceleratorBytes).toBeLessThan(16 * GiB);
    expect(apart.acceleratorBytes).toBeGreaterThan(12 * GiB);
    expect(apart.networks.textEncoder.place).toBe('host');
    expect(apart.hostBytes).toBeGreaterThan(13 * GiB);

    const together = estimate({ executionProviders: ['cuda'] });
    expect(together.acceleratorBytes).toBeGreaterThan(22 * GiB);
    expect(together.hostBytes).toBe(together.runtimeBytes.host);
  });

  it('takes twice the weights in float32, and fewer of them in int8', () => {
    const half = estimate({ executionProviders: ['cuda'] }).networks.step.weightBytes;
    expect(estimate({ executionProviders: ['cuda'], precision: 'float32' }).networks.step.weightBytes).toBe(2 * half);
    // w1 and w3, more than half of a block, in a quarter of their bytes.
    const int8 = estimate({ precision: 'int8' }).networks.step.weightBytes;
    expect(int8 / (2 * half)).toBeGreaterThan(0.5);
    expect(int8 / (2 * half)).toBeLessThan(0.72);
    expect(estimate({ precision: 'int8' }).acceleratorBytes).toBe(0);
  });

  it('counts what quantizing to int8 takes while the step is loaded', () => {
    const { networks, hostBytes } = estimate({ precision: 'int8' }, { tokenBudget: 256, samplesPerCall: 1 });
    const weightBytes = Object.values(networks).reduce((sum, each) => sum + each.weightBytes, 0);
    // 28 of 30 layers with 2 products of 3840 × 10240, 5 bytes more a value than the byte they are kept in.
    expect(networks.step.loadingBytes).toBe(5 * 28 * 2 * 3840 * 10_240);
    expect(hostBytes - weightBytes).toBeGreaterThan(networks.step.loadingBytes - networks.encoder.weightBytes);
  });

  it('counts no weights that stay in their files, but the casts of a run', () => {
    const { networks, hostBytes } = estimate({ weights: 'stored' });
    const { textEncoder, caption, modulation, step, decoder } = networks;
    for (const { weightBytes } of [textEncoder, caption, modulation, step]) expect(weightBytes).toBe(0);
    expect(decoder.weightBytes).toBeGreaterThan(0);
    const casts = step.activationBytes - estimate({}).networks.step.activationBytes;
    expect(casts).toBeGreaterThan(4 * 3840 * 10_240);
    expect(hostBytes).toBeLessThan(7 * GiB);
  });

  it('grows with the token budget up to four of the largest images a call', () => {
    const bytes = (tokenBudget: number) => estimate({}, { tokenBudget, samplesPerCall: 4 }).hostBytes;
    expect(bytes(1024)).toBeLessThan(bytes(4096));
    expect(bytes(4096)).toBeLessThan(bytes(16_384));
    expect(bytes(16_384)).toBe(bytes(65_536));
  });
});
