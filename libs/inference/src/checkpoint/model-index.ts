import { z } from 'zod';
import { CheckpointError } from '../errors.js';
import type { Checkpoint } from './checkpoint.js';

/** The classes that can fill each part of a text-to-image checkpoint; null: any. */
const neededComponents: Readonly<Record<string, readonly string[] | null>> = {
  scheduler: ['FlowMatchEulerDiscreteScheduler'],
  text_encoder: ['Qwen3Model', 'Qwen3ForCausalLM'],
  tokenizer: null,
  transformer: ['ZImageTransformer2DModel'],
  vae: ['AutoencoderKL'],
};

const modelIndex = z.looseObject({ _class_name: z.string() });
const componentEntry = z.tuple([z.string(), z.string()]);

/**
 * Checks that model_index.json lists every component with a class that is supported and that its folder is there.
 * @returns the pipeline's class name
 * @throws CheckpointError naming the component
 */
export function checkComponents(checkpoint: Checkpoint): string {
  const index = checkpoint.json('model_index.json', modelIndex);
  for (const [component, classes] of Object.entries(neededComponents)) {
    const entry = componentEntry.safeParse(index[component]);
    if (!entry.success) throw new CheckpointError('model_index.json', component, 'component missing');
    const className = entry.data[1];
    if (classes && !classes.includes(className)) {
      throw new CheckpointError(
        'model_index.json',
        component,
        `${className} is not supported, only ${classes.join(', ')}`,
      );
    }
    if (!checkpoint.has(component)) throw new CheckpointError(component, null, 'component folder missing');
  }
  return index._class_name;
}
