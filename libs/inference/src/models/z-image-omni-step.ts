import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { firstTokens } from '../layers/first-tokens.js';
import type { BlockModulation } from './z-image-block.js';
import type { ZImageConfig } from './z-image-config.js';
import { modulationWidth, readModulation } from './z-image-modulation.js';

/** The step's inputs of an omni checkpoint, declared in its graph. */
export interface OmniStepInputs {
  /** [batch, referenceLength, width] */
  references: Value;
  /** The modulation of t = 1, by block. */
  clean: BlockModulation[];
  /** For the tokens of `x` [batch, tokens, width] the blocks' noisy or clean modulation, token by token. */
  perToken(noisy: readonly BlockModulation[], clean: readonly BlockModulation[], x: Value): BlockModulation[];
}

/**
 * `references` [batch, referenceLength, width] embedded and padded, `clean_modulation` [1, modulationWidth] of t = 1,
 * `clean` [length] int64, 1 where a token of [image, references, caption] takes it. Text to image has references of length 0
 * and a `clean` of one 0, which every token shares at no cost.
 */
export function omniStepInputs(scope: Scope, config: ZImageConfig): OmniStepInputs {
  const { graph } = scope;
  const { compute } = graph.form;
  const columns = modulationWidth(config);
  const references = graph.input('references', 'float32', ['batch', 'reference_length', config.width]);
  const cleanModulation = graph.input('clean_modulation', 'float32', [1, columns]);
  const mask = scope.reshape(scope.cast(graph.input('clean', 'int64', ['clean_length']), 'bool'), [1, -1, 1]);

  return {
    references: scope.cast(references, compute),
    clean: readModulation(scope, scope.cast(cleanModulation, compute), config).blocks,
    perToken(noisy, clean, x) {
      const tokens = firstTokens(scope, mask, x);
      const choose = (a: Value, b: Value) => scope.op('Where', [tokens, a, b], { type: b.type });
      return noisy.map((block, i) => {
        const other = clean[i] ?? block;
        return {
          attentionScale: choose(other.attentionScale, block.attentionScale),
          attentionGate: choose(other.attentionGate, block.attentionGate),
          feedForwardScale: choose(other.feedForwardScale, block.feedForwardScale),
          feedForwardGate: choose(other.feedForwardGate, block.feedForwardGate),
        };
      });
    },
  };
}
