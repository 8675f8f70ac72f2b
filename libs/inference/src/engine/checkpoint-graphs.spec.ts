import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkpointOf } from '../../../../test/support/golden.js';
import { openCheckpoint } from '../checkpoint/checkpoint.js';
import { CheckpointError } from '../errors.js';
import { checkpointGraphs } from './checkpoint-graphs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'graphs-'));
  cpSync(checkpointOf('tiny-t2i'), folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const build = () => checkpointGraphs(openCheckpoint(folder));

function change(path: string, fields: Record<string, unknown>): void {
  const file = join(folder, path);
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, ...fields }));
}

describe('checkpointGraphs', () => {
  it('reads what the pipelines need from the configs', () => {
    const { configs } = build();
    expect(configs.transformer).toMatchObject({ width: 96, headWidth: 32, refinerLayerCount: 2, patchSize: 2 });
    expect(configs.textEncoder).toMatchObject({ ropeTheta: 1_000_000, keyValueHeadCount: 1 });
    expect(configs.autoEncoder).toMatchObject({ scale: 8, latentChannels: 16, shift: 0.1159 });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['qk_norm', 'transformer/config.json', { qk_norm: false }],
    ['all_patch_size', 'transformer/config.json', { all_patch_size: [4] }],
    ['axes_dims', 'transformer/config.json', { axes_dims: [8, 8, 8] }],
    ['n_heads', 'transformer/config.json', { n_heads: 5, axes_dims: [8, 8, 8] }],
    ['cap_feat_dim', 'transformer/config.json', { cap_feat_dim: 64 }],
    ['n_layers', 'transformer/config.json', { n_layers: 'three' }],
    ['hidden_act', 'text_encoder/config.json', { hidden_act: 'gelu' }],
    ['rope_scaling', 'text_encoder/config.json', { rope_scaling: { rope_type: 'yarn', factor: 4 } }],
    ['is_causal', 'text_encoder/config.json', { is_causal: false }],
    ['use_sliding_window', 'text_encoder/config.json', { use_sliding_window: true }],
    ['layer_types', 'text_encoder/config.json', { layer_types: ['sliding_attention'] }],
    ['rms_norm_eps', 'text_encoder/config.json', { rms_norm_eps: 1e300 }],
    ['rope_theta', 'text_encoder/config.json', { rope_theta: undefined }],
    [
      'rope_parameters.partial_rotary_factor',
      'text_encoder/config.json',
      { rope_parameters: { rope_theta: 1e4, rope_type: 'default', partial_rotary_factor: 0.5 } },
    ],
    [
      'rope_parameters.rope_type',
      'text_encoder/config.json',
      { rope_parameters: { rope_theta: 1e4, rope_type: 'yarn' } },
    ],
    ['axes_lens', 'transformer/config.json', { axes_lens: [32, 64, 64] }],
    ['axes_lens', 'transformer/config.json', { axes_lens: [1024, 64] }],
    ['axes_lens.1', 'transformer/config.json', { axes_lens: [1024, 0, 64] }],
    ['partial_rotary_factor', 'text_encoder/config.json', { partial_rotary_factor: 0.25 }],
    ['model_type', 'text_encoder/config.json', { model_type: 'qwen2' }],
    ['num_key_value_heads', 'text_encoder/config.json', { num_key_value_heads: 2 }],
    ['_class_name', 'transformer/config.json', { _class_name: 'FluxTransformer2DModel' }],
    ['_class_name', 'vae/config.json', { _class_name: 'AutoencoderTiny' }],
    ...['transformer', 'text_encoder', 'vae'].map((part): [string, string, Record<string, unknown>] => [
      'quantization_config',
      `${part}/config.json`,
      { quantization_config: { quant_method: 'bitsandbytes' } },
    ]),
    ['down_block_types', 'vae/config.json', { down_block_types: ['AttnDownEncoderBlock2D'] }],
    ['out_channels', 'vae/config.json', { out_channels: 4 }],
    ['act_fn', 'vae/config.json', { act_fn: 'relu' }],
    ['up_block_types', 'vae/config.json', { up_block_types: ['AttnUpDecoderBlock2D'] }],
    ['norm_num_groups', 'vae/config.json', { norm_num_groups: 5 }],
    ['controlnet', 'model_index.json', { controlnet: ['diffusers', 'ZImageControlNetModel'] }],
    ['transformer', 'model_index.json', { transformer: ['diffusers', 'SD3Transformer2DModel'] }],
  ])('refuses by name an option that it does not implement: %s', (field, path, fields) => {
    change(path, fields);
    expect(build).toThrow(CheckpointError);
    expect(build).toThrow(`${path}: ${field}`);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['hidden_act', 'siglip/config.json', { hidden_act: 'relu' }],
    ['num_channels', 'siglip/config.json', { num_channels: 4 }],
    ['num_patches', 'siglip/config.json', { num_patches: 200 }],
    ['model_type', 'siglip/config.json', { model_type: 'siglip_vision_model' }],
    ['quantization_config', 'siglip/config.json', { quantization_config: { quant_method: 'bitsandbytes' } }],
    ['do_resize', 'siglip_processor/preprocessor_config.json', { do_resize: false }],
    ['resample', 'siglip_processor/preprocessor_config.json', { resample: 3 }],
    ['patch_size', 'siglip_processor/preprocessor_config.json', { patch_size: 8 }],
  ])('refuses by name an option of the vision encoder that it does not implement: %s', (field, path, fields) => {
    rmSync(folder, { recursive: true });
    cpSync(checkpointOf('tiny-omni'), folder, { recursive: true });
    change(path, fields);
    expect(build).toThrow(CheckpointError);
    expect(build).toThrow(`${path}: ${field}`);
  });

  it.each<[string, string, Record<string, unknown>]>([
    [
      'transformer/diffusion_pytorch_model.safetensors.index.json: layers.3.adaLN_modulation.0.weight: missing weight of shape [384, 96]',
      'transformer/config.json',
      { n_layers: 4 },
    ],
    [
      'transformer/diffusion_pytorch_model.safetensors.index.json: layers.2.',
      'transformer/config.json',
      { n_layers: 2 },
    ],
    [
      'text_encoder/model.safetensors.index.json: layers.0.mlp.gate_proj.weight: has shape [96, 48], the config asks for [100, 48]',
      'text_encoder/config.json',
      { intermediate_size: 100 },
    ],
    [
      'text_encoder/model.safetensors.index.json: layers.0.self_attn.v_proj.bias: missing weight of shape [32]',
      'text_encoder/config.json',
      { attention_bias: true },
    ],
    [
      'vae/diffusion_pytorch_model.safetensors: post_quant_conv.weight: missing weight of shape [16, 16, 1, 1]',
      'vae/config.json',
      { use_post_quant_conv: true },
    ],
    [
      'vae/diffusion_pytorch_model.safetensors: decoder.mid_block.attentions.0.',
      'vae/config.json',
      { mid_block_add_attention: false },
    ],
  ])('names the weight that config and file disagree on: %s', (message, path, fields) => {
    change(path, fields);
    expect(build).toThrow(CheckpointError);
    expect(build).toThrow(message);
  });
});
