import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { convolution, halvingConvolution } from '../layers/convolution.js';
import { groupNorm } from '../layers/norms.js';
import { resnetBlock } from '../layers/resnet-block.js';
import { silu } from '../layers/silu.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import type { AutoEncoderConfig } from './auto-encoder-config.js';
import { autoEncoderMiddle, autoEncoderNorm } from './auto-encoder-middle.js';

/** Bounds of diffusers' DiagonalGaussianDistribution. */
const logVarianceBounds = [-30, 20] as const;

/**
 * AutoencoderKL's encoder: `image` [1, 3, H, W] in [−1, 1] → `mean` and `deviation` of the posterior, both
 * [1, C, H / scale, W / scale] and both with the VAE's shift and scale applied: latents = mean + deviation · noise.
 * Source: diffusers autoencoders/vae.py, Encoder and DiagonalGaussianDistribution.
 */
export function autoEncoderEncoder(config: AutoEncoderConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('encoder', form);
  const root = new Scope(graph, weights);
  const scope = root.at('encoder');
  const norm = autoEncoderNorm(config, 'pixels');
  const { latentChannels, imageChannels, levelChannels } = config;
  const momentChannels = 2 * latentChannels;

  const image = graph.input('image', 'float32', [1, imageChannels, 'height', 'width']);
  let channels = levelChannels[0] ?? 0;
  let x = convolution(scope.at('conv_in'), image, { inputs: imageChannels, outputs: channels, kernel: 3 });
  for (const [level, outputs] of levelChannels.entries()) {
    const block = scope.at('down_blocks', level);
    for (let i = 0; i < config.resnetsPerLevel; i++) {
      x = resnetBlock(block.at('resnets', i), x, { inputs: channels, outputs, norm });
      channels = outputs;
    }
    if (level < levelChannels.length - 1) x = halvingConvolution(block.at('downsamplers', 0, 'conv'), x, channels);
  }

  x = autoEncoderMiddle(scope.at('mid_block'), x, { channels, norm, attention: config.midAttention });
  x = silu(scope, groupNorm(scope.at('conv_norm_out'), x, channels, norm));
  x = convolution(scope.at('conv_out'), x, { inputs: channels, outputs: momentChannels, kernel: 3 });
  if (config.quantConvolution) {
    x = convolution(root.at('quant_conv'), x, { inputs: momentChannels, outputs: momentChannels, kernel: 1 });
  }

  const [mean, deviation] = posterior(root, x, config);
  graph.output('mean', mean, [1, latentChannels, 'rows', 'columns']);
  graph.output('deviation', deviation, [1, latentChannels, 'rows', 'columns']);
  return graph.build();
}

function posterior(
  scope: Scope,
  moments: Value,
  { latentChannels, scaling, shift }: AutoEncoderConfig,
): [Value, Value] {
  const scalar = (value: number) => scope.graph.float32s([value], []);
  const [mean = moments, logVariance = moments] = scope.split(moments, 1, [latentChannels, latentChannels]);
  const bounded = scope.op('Clip', [logVariance, ...logVarianceBounds.map(scalar)]);
  const deviation = scope.op('Exp', [scope.op('Mul', [bounded, scalar(0.5)])]);
  const shifted = scope.op('Sub', [mean, scalar(shift)]);
  return [scope.op('Mul', [shifted, scalar(scaling)]), scope.op('Mul', [deviation, scalar(scaling)])];
}
