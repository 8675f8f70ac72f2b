import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/norms.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { zImageBlock } from './z-image-block.js';
import type { ZImageConfig } from './z-image-config.js';

/**
 * The part of the transformer that depends on the caption alone, once per prompt: `embeds` [1, length, captionWidth],
 * `pads` [3] int64 = [1, pad tokens, width], `cos` and `sin` of the padded caption → `caption` [1, paddedLength, width].
 */
export function zImageCaption(config: ZImageConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('caption', form);
  const scope = new Scope(graph, weights);
  const { captionWidth, width, headWidth } = config;

  const embeds = scope.cast(graph.input('embeds', 'float32', [1, 'length', captionWidth]), graph.form.compute);
  const pads = graph.input('pads', 'int64', [3]);
  const tables = {
    cos: graph.input('cos', 'float32', ['padded_length', headWidth / 2]),
    sin: graph.input('sin', 'float32', ['padded_length', headWidth / 2]),
  };

  const embedder = scope.at('cap_embedder');
  const normed = rmsNorm(embedder.at(0), embeds, captionWidth, config.normEpsilon);
  const embedded = linear(embedder.at(1), normed, captionWidth, width, { bias: true });
  let x = withPadTokens(scope, embedded, pads, 'cap_pad_token', width);
  for (let i = 0; i < config.refinerLayerCount; i++) {
    x = zImageBlock(scope.at('context_refiner', i), x, tables, config);
  }
  graph.output('caption', x, [1, 'padded_length', width]);
  return graph.build();
}

/** Appends the learned pad token; `pads` is the shape of what is appended: [batch, pad tokens, width]. */
export function withPadTokens(scope: Scope, x: Value, pads: Value, tokenName: string, width: number): Value {
  const padTokens = scope.op('Expand', [scope.weight(tokenName, [1, width], x.type), pads]);
  return scope.op('Concat', [x, padTokens], { attributes: { axis: 1 } });
}
