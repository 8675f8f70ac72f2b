import { GraphBuilder } from '../graph/graph-builder.js';
import type { Dim, Graph } from '../graph/graph-builder.js';
import type { GraphForm } from '../graph/graph-form.js';
import { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { firstTokens } from '../layers/first-tokens.js';
import { linear } from '../layers/linear.js';
import { plainLayerNorm } from '../layers/norms.js';
import { patchGridDims, patchify, unpatchify } from '../layers/patches.js';
import type { WeightSource } from '../tensor/stored-tensor.js';
import { zImageBlock } from './z-image-block.js';
import { withPadTokens } from './pad-tokens.js';
import type { ZImageConfig } from './z-image-config.js';
import { modulationWidth, readModulation } from './z-image-modulation.js';
import { omniStepInputs } from './z-image-omni-step.js';

/** Fixed in diffusers' FinalLayer. */
const finalNormEpsilon = 1e-6;

/**
 * The noise refiners and the layers before this one are never in int8: what they are off by is carried through all the others.
 * With them, images of the nano checkpoints that start from images fall below 50 dB against float32 (docs/numerics.md).
 */
export const firstQuantizableLayer = 2;

/**
 * One denoising step of samples of equal layout, order [image, caption]: `latents` of `patchGridDims`, `pads` [3]
 * int64 = [batch, pad tokens, width], `caption` [batch, captionLength, width], `modulation` [batch, modulationWidth], `cos`
 * and `sin` of image, then caption → `velocity` of the latents' dims. A checkpoint that takes vision features has the
 * inputs of `omniStepInputs` beside them, and the order [image, references, caption]: its graph serves text to image too.
 * Source: diffusers transformers/transformer_z_image.py, forward.
 */
export function zImageStep(config: ZImageConfig, weights: WeightSource, form?: GraphForm): Graph {
  const graph = new GraphBuilder('step', form);
  const scope = new Scope(graph, weights);
  const { width, headWidth, patchWidth, patchKey } = config;
  const latentDims = patchGridDims<Dim>(config, 'batch', 'rows', 'columns');

  const input = (name: string, dims: readonly Dim[]) =>
    scope.cast(graph.input(name, 'float32', dims), graph.form.compute);
  const { patches, grid } = patchify(scope, graph.input('latents', 'float32', latentDims), config);
  const pads = graph.input('pads', 'int64', [3]);
  const caption = input('caption', ['batch', 'caption_length', width]);
  const modulation = input('modulation', ['batch', modulationWidth(config)]);
  // Image tokens come first, so the noise refiner reads the first rows of the same tables.
  const tables = {
    cos: graph.input('cos', 'float32', ['length', headWidth / 2]),
    sin: graph.input('sin', 'float32', ['length', headWidth / 2]),
  };

  const { blocks, finalScale } = readModulation(scope, modulation, config);
  const omni = config.visionWidth === null ? null : omniStepInputs(scope, config);
  const modulated = (kind: 'refiners' | 'layers', x: Value) => {
    const range = kind === 'refiners' ? [0, config.refinerLayerCount] : [config.refinerLayerCount];
    const own = blocks.slice(...range);
    return omni ? omni.perToken(own, omni.clean.slice(...range), x) : own;
  };
  const join = (...parts: Value[]) => scope.op('Concat', parts, { attributes: { axis: 1 } });

  const embedder = scope.at('all_x_embedder', patchKey);
  const embedded = linear(embedder, scope.cast(patches, graph.form.compute), patchWidth, width, { bias: true });
  const image = withPadTokens(scope, embedded, pads, 'x_pad_token', width);
  let x = omni ? join(image, omni.references) : image;
  for (const [i, block] of modulated('refiners', x).entries()) {
    x = zImageBlock(scope.at('noise_refiner', i), x, tables, config, { modulation: block });
  }
  x = join(x, caption);
  for (const [i, block] of modulated('layers', x).entries()) {
    const options = { modulation: block, quantizable: i >= firstQuantizableLayer };
    x = zImageBlock(scope.at('layers', i), x, tables, config, options);
  }

  const final = scope.at('all_final_layer', patchKey);
  const normed = plainLayerNorm(final, firstTokens(scope, x, patches), width, finalNormEpsilon);
  const scaled = final.op('Mul', [normed, finalScale]);
  const velocity = linear(final.at('linear'), scaled, width, patchWidth, { bias: true });
  graph.output('velocity', unpatchify(final, final.cast(velocity, 'float32'), grid), latentDims);
  return graph.build();
}
