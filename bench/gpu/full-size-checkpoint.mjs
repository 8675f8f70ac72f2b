/**
 * Writes a checkpoint of the published Z-Image-Turbo's shapes with random bfloat16 weights, 20 GB, sharded:
 *
 *   node bench/gpu/full-size-checkpoint.mjs OUT [--layers 30] [--text-layers 36] [--scale 1] [--shard-mb 5000]
 *
 * --scale takes a share of the attention heads, and with them of the widths; it makes the same kind of checkpoint at a size
 * that fits a small machine. Images of random weights show nothing; times and memory are those of the real ones.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { autoEncoderConfig } from '../../dist/libs/inference/src/models/auto-encoder-config.js';
import { autoEncoderDecoder } from '../../dist/libs/inference/src/models/auto-encoder-decoder.js';
import { autoEncoderEncoder } from '../../dist/libs/inference/src/models/auto-encoder-encoder.js';
import { qwen3Config } from '../../dist/libs/inference/src/models/qwen3-config.js';
import { qwen3TextEncoder } from '../../dist/libs/inference/src/models/qwen3-text-encoder.js';
import { zImageCaption } from '../../dist/libs/inference/src/models/z-image-caption.js';
import { zImageConfig } from '../../dist/libs/inference/src/models/z-image-config.js';
import { zImageModulation } from '../../dist/libs/inference/src/models/z-image-modulation.js';
import { zImageStep } from '../../dist/libs/inference/src/models/z-image-step.js';
import { writeRandomWeights } from './random-weights.mjs';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    layers: { type: 'string' },
    'text-layers': { type: 'string' },
    scale: { type: 'string', default: '1' },
    'shard-mb': { type: 'string', default: '5000' },
  },
});
const [out] = positionals;
if (out === undefined)
  throw new Error('usage: full-size-checkpoint.mjs OUT [--layers N] [--text-layers N] [--scale S]');
const scale = Number(flags.scale);
const shardBytes = Number(flags['shard-mb']) * 1e6;

const published = JSON.parse(readFileSync(new URL('published-configs.json', import.meta.url), 'utf8'));
const { transformer, text_encoder: textEncoder, vae, scheduler } = published;
const share = (count) => Math.max(1, Math.round(count * scale));

transformer.n_layers = Number(flags.layers ?? transformer.n_layers);
transformer.n_heads = transformer.n_kv_heads = share(transformer.n_heads);
transformer.dim = transformer.n_heads * transformer.axes_dims.reduce((sum, width) => sum + width, 0);
textEncoder.num_hidden_layers = Number(flags['text-layers'] ?? textEncoder.num_hidden_layers);
textEncoder.num_key_value_heads = share(textEncoder.num_key_value_heads);
textEncoder.num_attention_heads = 4 * textEncoder.num_key_value_heads;
textEncoder.hidden_size = 320 * textEncoder.num_key_value_heads;
textEncoder.intermediate_size = 1216 * textEncoder.num_key_value_heads;
transformer.cap_feat_dim = textEncoder.hidden_size;

/** Every weight that the builders ask for. */
function shapesOf(...builders) {
  const shapes = new Map();
  const source = {
    take(name, dims) {
      shapes.set(name, { name, dims });
      return { name, type: 'BF16', dims, file: '/', offset: 0, byteLength: 0 };
    },
  };
  for (const build of builders) build(source);
  return [...shapes.values()];
}

const transformerConfig = zImageConfig.parse(transformer);
const vaeConfig = autoEncoderConfig.parse(vae);
// The encoder does without its last layer, which the files have.
const textConfig = qwen3Config.parse({ ...textEncoder, num_hidden_layers: textEncoder.num_hidden_layers + 1 });

const components = {
  transformer: {
    config: transformer,
    stem: 'diffusion_pytorch_model',
    weights: shapesOf(
      (weights) => zImageModulation(transformerConfig, weights),
      (weights) => zImageCaption(transformerConfig, weights),
      (weights) => zImageStep(transformerConfig, weights),
    ),
  },
  text_encoder: {
    config: textEncoder,
    stem: 'model',
    weights: [
      ...shapesOf((weights) => qwen3TextEncoder(textConfig, weights)),
      { name: 'norm.weight', dims: [textEncoder.hidden_size] },
    ],
  },
  vae: {
    config: vae,
    stem: 'diffusion_pytorch_model',
    weights: shapesOf(
      (weights) => autoEncoderEncoder(vaeConfig, weights),
      (weights) => autoEncoderDecoder(vaeConfig, weights),
    ),
  },
};

const writeJson = (path, content) => writeFileSync(join(out, path), `${JSON.stringify(content, null, 2)}\n`);
for (const [name, { config, stem, weights }] of Object.entries(components)) {
  mkdirSync(join(out, name), { recursive: true });
  writeJson(`${name}/config.json`, config);
  const bytes = writeRandomWeights(join(out, name), stem, weights, shardBytes);
  process.stdout.write(`${name}: ${weights.length} weights, ${(bytes / 1e9).toFixed(2)} GB\n`);
}
const nano = fileURLToPath(new URL('../../models/z-image-nano-turbo', import.meta.url));
cpSync(join(nano, 'tokenizer'), join(out, 'tokenizer'), { recursive: true });
mkdirSync(join(out, 'scheduler'), { recursive: true });
writeJson('scheduler/scheduler_config.json', scheduler);
writeJson('model_index.json', {
  _class_name: 'ZImagePipeline',
  scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
  text_encoder: ['transformers', 'Qwen3Model'],
  tokenizer: ['transformers', 'Qwen2Tokenizer'],
  transformer: ['diffusers', 'ZImageTransformer2DModel'],
  vae: ['diffusers', 'AutoencoderKL'],
});
