import { describe, expect, it } from '@jest/globals';
import { autoEncoderConfig } from '../models/auto-encoder-config.js';
import { qwen3Config } from '../models/qwen3-config.js';
import { zImageConfig } from '../models/z-image-config.js';
import type { CheckpointConfigs } from './checkpoint-graphs.js';
import { estimateMemory } from './memory-estimate.js';
import { planNetworks } from './network-plan.js';

const GiB = 2 ** 30;

/** The configs of the published Z-Image-Turbo. */
const published: CheckpointConfigs = {
  transformer: zImageConfig.parse({
    all_patch_size: [2],
    all_f_patch_size: [1],
    axes_dims: [32, 48, 48],
    cap_feat_dim: 2560,
    dim: 3840,
    in_channels: 16,
    n_heads: 30,
    n_layers: 30,
    n_refiner_layers: 2,
    norm_eps: 1e-5,
    qk_norm: true,
    rope_theta: 256,
    t_scale: 1000,
  }),
  textEncoder: qwen3Config.parse({
    model_type: 'qwen3',
    head_dim: 128,
    hidden_act: 'silu',
    hidden_size: 2560,
    intermediate_size: 9728,
    num_attention_heads: 32,
    num_hidden_layers: 36,
    num_key_value_heads: 8,
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
    vocab_size: 151_936,
  }),
  autoEncoder: autoEncoderConfig.parse({
    block_out_channels: [128, 256, 512, 512],
    down_block_types: new Array(4).fill('DownEncoderBlock2D'),
    up_block_types: new Array(4).fill('UpDecoderBlock2D'),
    in_channels: 3,
    latent_channels: 16,
    layers_per_block: 2,
    norm_num_groups: 32,
    out_channels: 3,
    scaling_factor: 0.3611,
    shift_factor: 0.1159,
    use_quant_conv: false,
    use_post_quant_conv: false,
  }),
  edit: null,
};

/** One image of 1024 × 1024 at a time, without guidance. */
const turbo = { tokenBudget: 4096, samplesPerCall: 4 };
const estimate = (options: Parameters<typeof planNetworks>[0], load = turbo) =>
  estimateMemory(published, planNetworks(options), load);

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
    expect(together.hostBytes).toBe(0);
  });

  it('takes twice the weights in float32, and fewer of them in int8', () => {
    const half = estimate({ executionProviders: ['cuda'] }).networks.step.weightBytes;
    expect(estimate({ executionProviders: ['cuda'], precision: 'float32' }).networks.step.weightBytes).toBe(2 * half);
    // w1 and w3, more than half of a block, in a quarter of their bytes.
    const int8 = estimate({ precision: 'int8' }).networks.step.weightBytes;
    expect(int8 / (2 * half)).toBeGreaterThan(0.5);
    expect(int8 / (2 * half)).toBeLessThan(0.7);
    expect(estimate({ precision: 'int8' }).acceleratorBytes).toBe(0);
  });

  it('grows with the token budget up to four of the largest images a call', () => {
    const bytes = (tokenBudget: number) => estimate({}, { tokenBudget, samplesPerCall: 4 }).hostBytes;
    expect(bytes(1024)).toBeLessThan(bytes(4096));
    expect(bytes(4096)).toBeLessThan(bytes(16_384));
    expect(bytes(16_384)).toBe(bytes(65_536));
  });
});
