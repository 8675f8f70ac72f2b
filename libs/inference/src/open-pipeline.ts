import type { z } from 'zod';
import { openCheckpoint, type Checkpoint } from './checkpoint/checkpoint.js';
import { openComponents } from './engine/open-components.js';
import type { Load } from './engine/memory-estimate.js';
import type { CheckpointOptions } from './engine-types.js';
import { CheckpointError } from './errors.js';
import { ImagePipeline } from './pipelines/image-pipeline.js';
import { SchedulerConfig } from './scheduler/scheduler-config.js';
import { PromptTokenizer } from './tokenizer/prompt-tokenizer.js';
import {
  addedTokensFile,
  specialTokensMap,
  tokenizerConfig,
  tokenizerJson,
  unknownSpecialToken,
} from './tokenizer/tokenizer-config.js';

export interface OpenPipeline {
  pipeline: ImagePipeline;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint. Small files are read before the networks are loaded, so that what is wrong with them
 * is said at once.
 * @param load what is to be in flight, for the memory; absent: one small image
 * @throws CheckpointError naming file and field; MemoryInsufficient; ExecutionProviderError; PrecisionError
 */
export async function openPipeline(
  { checkpoint: directory, ...options }: CheckpointOptions,
  load?: Load,
): Promise<OpenPipeline> {
  const checkpoint = openCheckpoint(directory);
  const scheduler = checkpoint.json('scheduler/scheduler_config.json', SchedulerConfig);
  const tokenizer = openTokenizer(checkpoint);
  const components = await openComponents(checkpoint, options, load);
  return {
    pipeline: new ImagePipeline(components, tokenizer, scheduler),
    close: () => components.close(),
  };
}

function openTokenizer(checkpoint: Checkpoint): PromptTokenizer {
  const tokenizer = checkpoint.json('tokenizer/tokenizer.json', tokenizerJson);
  const config = checkpoint.json('tokenizer/tokenizer_config.json', tokenizerConfig);
  checkSpecialTokens(checkpoint, tokenizer, config);
  const chatTemplate = chatTemplateOf(checkpoint, config.chat_template);
  try {
    const opened = new PromptTokenizer({ tokenizer, config, chatTemplate });
    opened.encode(''); // a template may be valid and fail when it is rendered
    return opened;
  } catch (cause) {
    throw new CheckpointError('tokenizer', null, `cannot be used: ${String(cause)}`, { cause });
  }
}

/** Every file in which transformers looks for tokens names only those that tokenizer.json adds. */
function checkSpecialTokens(
  checkpoint: Checkpoint,
  tokenizer: z.output<typeof tokenizerJson>,
  config: z.output<typeof tokenizerConfig>,
): void {
  const older = config.added_tokens_decoder ? [] : (['special_tokens_map.json', 'added_tokens.json'] as const);
  const schemas = { 'special_tokens_map.json': specialTokensMap, 'added_tokens.json': addedTokensFile };
  const files = older
    .filter((name) => checkpoint.has(`tokenizer/${name}`))
    .map((name) => [`tokenizer/${name}`, checkpoint.json(`tokenizer/${name}`, schemas[name])] as const);
  for (const [file, named] of [['tokenizer/tokenizer_config.json', config] as const, ...files]) {
    const unknown = unknownSpecialToken(tokenizer, named);
    if (!unknown) continue;
    throw new CheckpointError(file, unknown.field, `${unknown.token} is not among the added_tokens of tokenizer.json`);
  }
}

/** As in transformers: a file of its own comes before the field; among named templates `default` is taken. */
function chatTemplateOf(checkpoint: Checkpoint, field: z.infer<typeof tokenizerConfig>['chat_template']): string {
  const config = 'tokenizer/tokenizer_config.json';
  const file = 'tokenizer/chat_template.jinja';
  if (checkpoint.has(file)) return withoutJumps(checkpoint.text(file), file, null);
  const template = typeof field === 'string' ? field : field?.find(({ name }) => name === 'default')?.template;
  if (template !== undefined) return withoutJumps(template, config, 'chat_template');
  throw new CheckpointError(config, 'chat_template', `missing, and there is no ${file}`);
}

/** @huggingface/jinja drops what a loop's turn wrote before it is left. */
function withoutJumps(template: string, file: string, field: string | null): string {
  const jump = /\{%[-+]?\s*(break|continue)\b/.exec(template)?.[1];
  if (jump === undefined) return template;
  throw new CheckpointError(file, field, `${jump} is not supported in a chat template`);
}
