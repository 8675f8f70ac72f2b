import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { convolution, doubledConvolution } from '../layers/convolution.js';
import { groupNorm } from '../layers/norms.js';
import { resnetBlock } from '../layers/resnet-block.js';
import { silu } from '../layers/silu.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import type { AutoEncoderConfig } from './auto-encoder-config.js';
import { autoEncoderMiddle, autoEncoderNorm } from './auto-encoder-middle.js';

/**
 * AutoencoderKL's decoder: `latents` [batch, C, h, w] as the denoising loop leaves them → `image` [batch, 3, h · scale, w · scale].
 * Source: diffusers autoencoders/vae.py, Decoder.
 */
export function autoEncoderDecoder(config: AutoEncoderConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('decoder', form);
  const root = new Scope(graph, weights);
  const scope = root.at('decoder');
  const norm = autoEncoderNorm(config, 'group');
  const { latentChannels } = config;

  const latents = graph.input('latents', 'float32', ['batch', latentChannels, 'rows', 'columns']);
  let x = unscale(root, latents, config);
  if (config.postQuantConvolution) {
    x = convolution(root.at('post_quant_conv'), x, { inputs: latentChannels, outputs: latentChannels, kernel: 1 });
  }

  const levels = [...config.levelChannels].reverse();
  let channels = levels[0] ?? 0;
  x = convolution(scope.at('conv_in'), x, { inputs: latentChannels, outputs: channels, kernel: 3 });
  x = autoEncoderMiddle(scope.at('mid_block'), x, { channels, norm, attention: config.midAttention });

  for (const [level, outputs] of levels.entries()) {
    const block = scope.at('up_blocks', level);
    for (let i = 0; i <= config.resnetsPerLevel; i++) {
      x = resnetBlock(block.at('resnets', i), x, { inputs: channels, outputs, norm });
      channels = outputs;
    }
    if (level < levels.length - 1) x = doubledConvolution(block.at('upsamplers', 0, 'conv'), x, channels);
  }

  x = silu(scope, groupNorm(scope.at('conv_norm_out'), x, channels, norm));
  x = convolution(scope.at('conv_out'), x, { inputs: channels, outputs: config.imageChannels, kernel: 3 });
  graph.output('image', x, ['batch', config.imageChannels, 'height', 'width']);
  return graph.build();
}

function unscale(scope: Scope, latents: Value, { scaling, shift }: AutoEncoderConfig): Value {
  const scaled = scope.op('Div', [latents, scope.graph.float32s([scaling], [])]);
  return scope.op('Add', [scaled, scope.graph.float32s([shift], [])]);
}
