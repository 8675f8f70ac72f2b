import { GraphBuilder } from '../graph/graph-builder.js';
import type { Dim, Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import { linear } from '../layers/linear.js';
import { patchGridDims, patchify } from '../layers/patches.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { withPadTokens } from './pad-tokens.js';
import { zImageCondition } from './z-image-condition.js';
import type { ZImageConfig } from './z-image-config.js';

/**
 * The vision features of all reference images of a request: `features` [1, length, visionWidth] → `vision` [1, paddedLength,
 * width]; the rest as `zImageCondition`.
 */
export function zImageVision(
  config: ZImageConfig,
  visionWidth: number,
  weights: WeightSource,
  form?: GraphForm,
): Graph {
  const names = {
    output: 'vision',
    input: 'features',
    inputWidth: visionWidth,
    embedder: 'siglip_embedder',
    padToken: 'siglip_pad_token',
    refiner: 'siglip_refiner',
  };
  return zImageCondition(names, config, weights, form);
}

/**
 * A reference image as the step takes it: `latents` of `patchGridDims`, `pads` [3] int64 = [1, pad tokens, width] →
 * `reference` [1, paddedTokens, width]. It is refined with the made image, in the step.
 */
export function zImageReference(config: ZImageConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('reference', form);
  const scope = new Scope(graph, weights);
  const { width, patchWidth, patchKey } = config;

  const latents = graph.input('latents', 'float32', patchGridDims<Dim>(config, 1, 'rows', 'columns'));
  const patches = scope.cast(patchify(scope, latents, config).patches, graph.form.compute);
  const pads = graph.input('pads', 'int64', [3]);
  const embedded = linear(scope.at('all_x_embedder', patchKey), patches, patchWidth, width, { bias: true });
  graph.output('reference', withPadTokens(scope, embedded, pads, 'x_pad_token', width), [1, 'padded_tokens', width]);
  return graph.build();
}
