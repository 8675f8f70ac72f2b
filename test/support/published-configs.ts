import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointConfigs } from '../../libs/inference/src/engine/checkpoint-graphs.js';
import { autoEncoderConfig } from '../../libs/inference/src/models/auto-encoder-config.js';
import { qwen3Config } from '../../libs/inference/src/models/qwen3-config.js';
import { zImageConfig } from '../../libs/inference/src/models/z-image-config.js';

const file = join(import.meta.dirname, '../../bench/gpu/published-configs.json');
const raw = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

/** The configs of the published Z-Image-Turbo. */
export const publishedConfigs: CheckpointConfigs = {
  transformer: zImageConfig.parse(raw.transformer),
  textEncoder: qwen3Config.parse(raw.text_encoder),
  autoEncoder: autoEncoderConfig.parse(raw.vae),
  edit: null,
};
