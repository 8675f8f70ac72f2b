import type { Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { zImageCondition } from './z-image-condition.js';
import type { ZImageConfig } from './z-image-config.js';

/** The caption: `embeds` [1, length, captionWidth] → `caption` [1, paddedLength, width]; the rest as `zImageCondition`. */
export function zImageCaption(config: ZImageConfig, weights: WeightSource, form?: GraphForm): Graph {
  const names = {
    output: 'caption',
    input: 'embeds',
    inputWidth: config.captionWidth,
    embedder: 'cap_embedder',
    padToken: 'cap_pad_token',
    refiner: 'context_refiner',
  };
  return zImageCondition(names, config, weights, form);
}
