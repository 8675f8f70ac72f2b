import { GraphBuilder } from '../graph/graph-builder.js';
import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../layers/norms.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { withPadTokens } from './pad-tokens.js';
import { zImageBlock } from './z-image-block.js';
import type { ZImageConfig } from './z-image-config.js';

/** What tells one condition from another: its width, and how graph and checkpoint call its parts. */
export interface ConditionNames {
  /** Of the graph and of its output. */
  output: string;
  input: string;
  inputWidth: number;
  embedder: string;
  padToken: string;
  refiner: string;
}

/**
 * What the transformer attends to beside the image, embedded and refined once per prompt: `input` [1, length, inputWidth],
 * `pads` [3] int64 = [1, pad tokens, width], `cos` and `sin` of the tokens, then the pads → `output` [1, paddedLength, width].
 */
export function zImageCondition(
  names: ConditionNames,
  config: ZImageConfig,
  weights: WeightSource,
  form?: GraphForm,
): Graph {
  const graph = new GraphBuilder(names.output, form);
  const scope = new Scope(graph, weights);
  const { inputWidth } = names;
  const { width, headWidth, normEpsilon } = config;

  const input = scope.cast(graph.input(names.input, 'float32', [1, 'length', inputWidth]), graph.form.compute);
  const pads = graph.input('pads', 'int64', [3]);
  const tables = {
    cos: graph.input('cos', 'float32', ['padded_length', headWidth / 2]),
    sin: graph.input('sin', 'float32', ['padded_length', headWidth / 2]),
  };

  const embedder = scope.at(names.embedder);
  const normed = rmsNorm(embedder.at(0), input, inputWidth, normEpsilon);
  const embedded = linear(embedder.at(1), normed, inputWidth, width, { bias: true });
  let x = withPadTokens(scope, embedded, pads, names.padToken, width);
  for (let i = 0; i < config.refinerLayerCount; i++) x = zImageBlock(scope.at(names.refiner, i), x, tables, config);
  graph.output(names.output, x, [1, 'padded_length', width]);
  return graph.build();
}
