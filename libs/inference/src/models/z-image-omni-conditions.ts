import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/norms.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { zImageBlock } from './z-image-block.js';
import { withPadTokens } from './z-image-caption.js';
import type { ZImageConfig } from './z-image-config.js';

/**
 * The vision features of all reference images of a request: `features` [1, length, visionWidth], `pads` [3] int64 = [1, pad
 * tokens, width], `cos` and `sin` of features, then pads → `vision` [1, paddedLength, width].
 */
export function zImageVision(
  config: ZImageConfig,
  visionWidth: number,
  weights: WeightSource,
  form?: GraphForm,
): Graph {
  const graph = new GraphBuilder('vision', form);
  const scope = new Scope(graph, weights);
  const { width, headWidth, normEpsilon } = config;

  const features = scope.cast(graph.input('features', 'float32', [1, 'length', visionWidth]), graph.form.compute);
  const pads = graph.input('pads', 'int64', [3]);
  const tables = {
    cos: graph.input('cos', 'float32', ['padded_length', headWidth / 2]),
    sin: graph.input('sin', 'float32', ['padded_length', headWidth / 2]),
  };

  const embedder = scope.at('siglip_embedder');
  const normed = rmsNorm(embedder.at(0), features, visionWidth, normEpsilon);
  const embedded = linear(embedder.at(1), normed, visionWidth, width, { bias: true });
  let x = withPadTokens(scope, embedded, pads, 'siglip_pad_token', width);
  for (let i = 0; i < config.refinerLayerCount; i++) {
    x = zImageBlock(scope.at('siglip_refiner', i), x, tables, config);
  }
  graph.output('vision', x, [1, 'padded_length', width]);
  return graph.build();
}

/**
 * A reference image as the step takes it: `patches` [1, tokens, patchWidth], `pads` [3] int64 = [1, pad tokens, width] →
 * `reference` [1, paddedTokens, width]. It is refined with the made image, in the step.
 */
export function zImageReference(config: ZImageConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('reference', form);
  const scope = new Scope(graph, weights);
  const { width, patchWidth, patchKey } = config;

  const patches = scope.cast(graph.input('patches', 'float32', [1, 'tokens', patchWidth]), graph.form.compute);
  const pads = graph.input('pads', 'int64', [3]);
  const embedded = linear(scope.at('all_x_embedder', patchKey), patches, patchWidth, width, { bias: true });
  graph.output('reference', withPadTokens(scope, embedded, pads, 'x_pad_token', width), [1, 'padded_tokens', width]);
  return graph.build();
}
