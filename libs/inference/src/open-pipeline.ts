import { z } from 'zod';
import { openCheckpoint, type Checkpoint } from './checkpoint/checkpoint.js';
import { openComponents } from './engine/open-components.js';
import type { Load } from './engine/memory-estimate.js';
import type { CheckpointOptions } from './engine-types.js';
import { CheckpointError } from './errors.js';
import { ImagePipeline } from './pipelines/image-pipeline.js';
import { SchedulerConfig } from './scheduler/scheduler-config.js';
import { PromptTokenizer } from './tokenizer/prompt-tokenizer.js';

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

/** An option of a tokenizer that would change what a prompt is cut into. */
const switchedOff = z.literal(false, { error: 'only false is supported' }).nullish();

const TokenizerJson = z.looseObject({ model: z.looseObject({ type: z.string() }) });
const TokenizerConfig = z.looseObject({
  // diffusers cuts long prompts on the side that is named here; from the left it would cut the template's beginning.
  truncation_side: z.literal('right', { error: 'only right is supported' }).optional(),
  add_bos_token: switchedOff,
  add_eos_token: switchedOff,
  add_prefix_space: switchedOff,
  do_lower_case: switchedOff,
  split_special_tokens: switchedOff,
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});

function openTokenizer(checkpoint: Checkpoint): PromptTokenizer {
  const tokenizer = checkpoint.json('tokenizer/tokenizer.json', TokenizerJson);
  const config = checkpoint.json('tokenizer/tokenizer_config.json', TokenizerConfig);
  const chatTemplate = chatTemplateOf(checkpoint, config.chat_template);
  try {
    const opened = new PromptTokenizer({ tokenizer, config, chatTemplate });
    opened.encode(''); // a template may be valid and fail when it is rendered
    return opened;
  } catch (cause) {
    throw new CheckpointError('tokenizer', null, `cannot be used: ${String(cause)}`, { cause });
  }
}

/** As in transformers: a file of its own comes before the field; among named templates `default` is taken. */
function chatTemplateOf(checkpoint: Checkpoint, field: z.infer<typeof TokenizerConfig>['chat_template']): string {
  const file = 'tokenizer/chat_template.jinja';
  if (checkpoint.has(file)) return checkpoint.text(file);
  const template = typeof field === 'string' ? field : field?.find(({ name }) => name === 'default')?.template;
  if (template !== undefined) return template;
  throw new CheckpointError('tokenizer/tokenizer_config.json', 'chat_template', `missing, and there is no ${file}`);
}
