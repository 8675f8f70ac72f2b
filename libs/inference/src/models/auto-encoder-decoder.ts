import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { convolution, doubledConvolution } from '../layers/convolution.js';
import { groupNorm } from '../layers/norms.js';
import { pixelAttention } from '../layers/pixel-attention.js';
import { resnetBlock } from '../layers/resnet-block.js';
import { silu } from '../layers/silu.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import type { AutoEncoderConfig } from './auto-encoder-config.js';

/** Fixed in diffusers' Encoder and Decoder. */
const normEpsilon = 1e-6;

/**
 * AutoencoderKL's decoder: `latents` [1, C, h, w] as the denoising loop leaves them → `image` [1, 3, h · scale, w · scale].
 * Source: diffusers autoencoders/vae.py, Decoder.
 */
export function autoEncoderDecoder(config: AutoEncoderConfig, weights: WeightSource): Graph {
  const graph = new GraphBuilder('decoder');
  const root = new Scope(graph, weights);
  const scope = root.at('decoder');
  const norm = { groups: config.normGroups, epsilon: normEpsilon };
  const { latentChannels } = config;

  const latents = graph.input('latents', 'float32', [1, latentChannels, 'rows', 'columns']);
  let x = unscale(root, latents, config);
  if (config.postQuantConvolution) {
    x = convolution(root.at('post_quant_conv'), x, { inputs: latentChannels, outputs: latentChannels, kernel: 1 });
  }

  const levels = [...config.levelChannels].reverse();
  let channels = levels[0] ?? 0;
  x = convolution(scope.at('conv_in'), x, { inputs: latentChannels, outputs: channels, kernel: 3 });
  x = middle(scope.at('mid_block'), x, { channels, norm, attention: config.midAttention });

  for (const [level, outputs] of levels.entries()) {
    const block = scope.at('up_blocks', level);
    for (let i = 0; i <= config.resnetsPerLevel; i++) {
      x = resnetBlock(block.at('resnets', i), x, { inputs: channels, outputs, norm });
      channels = outputs;
    }
    if (level < levels.length - 1) x = doubledConvolution(block.at('upsamplers', 0, 'conv'), x, channels);
  }

  x = silu(scope, groupNorm(scope.at('conv_norm_out'), x, { channels, ...norm }));
  x = convolution(scope.at('conv_out'), x, { inputs: channels, outputs: config.imageChannels, kernel: 3 });
  graph.output('image', x, [1, config.imageChannels, 'height', 'width']);
  return graph.build();
}

function unscale(scope: Scope, latents: Value, { scaling, shift }: AutoEncoderConfig): Value {
  const scaled = scope.op('Div', [latents, scope.graph.float32s([scaling], [])]);
  return scope.op('Add', [scaled, scope.graph.float32s([shift], [])]);
}

function middle(
  scope: Scope,
  x: Value,
  { channels, norm, attention }: { channels: number; norm: { groups: number; epsilon: number }; attention: boolean },
): Value {
  const block = (i: number, input: Value) =>
    resnetBlock(scope.at('resnets', i), input, { inputs: channels, outputs: channels, norm });
  const first = block(0, x);
  return block(1, attention ? pixelAttention(scope.at('attentions', 0), first, { channels, norm }) : first);
}
