import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import type { GroupNormSettings } from '../layers/norms.js';
import { pixelAttention } from '../layers/pixel-attention.js';
import { resnetBlock } from '../layers/resnet-block.js';
import type { AutoEncoderConfig } from './auto-encoder-config.js';

/** The norms of diffusers' Encoder and Decoder, whose epsilon is fixed there. */
export function autoEncoderNorm({ normGroups }: AutoEncoderConfig, sums: GroupNormSettings['sums']): GroupNormSettings {
  return { groups: normGroups, epsilon: 1e-6, sums };
}

/** `mid_block`, the same in encoder and decoder: two resnet blocks, between them attention if the config has it. */
export function autoEncoderMiddle(
  scope: Scope,
  x: Value,
  { channels, norm, attention }: { channels: number; norm: GroupNormSettings; attention: boolean },
): Value {
  const block = (i: number, input: Value) =>
    resnetBlock(scope.at('resnets', i), input, { inputs: channels, outputs: channels, norm });
  const first = block(0, x);
  return block(1, attention ? pixelAttention(scope.at('attentions', 0), first, { channels, norm }) : first);
}
