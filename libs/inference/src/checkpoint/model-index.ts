import { z } from 'zod';
import { CheckpointError } from '../errors.js';
import type { Checkpoint } from './checkpoint.js';

/** The classes that can fill a component; null: any. */
type Components = Readonly<Record<string, readonly string[] | null>>;

const neededComponents: Components = {
  scheduler: ['FlowMatchEulerDiscreteScheduler'],
  text_encoder: ['Qwen3Model', 'Qwen3ForCausalLM'],
  tokenizer: null,
  transformer: ['ZImageTransformer2DModel'],
  vae: ['AutoencoderKL'],
};

/** What a checkpoint has beside if it edits images. */
const editComponents: Components = {
  siglip: ['Siglip2VisionModel'],
  siglip_processor: null,
};

const modelIndex = z.looseObject({ _class_name: z.string() });
const componentEntry = z.tuple([z.string(), z.string()]);
/** A component's name is its folder's. */
const componentName = /^[A-Za-z0-9_]+$/;

/**
 * The pipeline's class name and those of its components by name; what it does without is left out.
 * @throws CheckpointError when the file is missing or damaged
 */
export function listClasses(checkpoint: Checkpoint): { pipeline: string; components: Map<string, string> } {
  const index = checkpoint.json('model_index.json', modelIndex);
  const components = Object.entries(index).flatMap(([name, value]) => {
    const entry = componentEntry.safeParse(value);
    return componentName.test(name) && entry.success ? [[name, entry.data[1]] as const] : [];
  });
  return { pipeline: index._class_name, components: new Map(components) };
}

/**
 * Checks that model_index.json lists every component with a class that is supported, none beside them, and that its folder
 * is there.
 * @returns whether the checkpoint edits images
 * @throws CheckpointError naming the component
 */
export function checkComponents(checkpoint: Checkpoint): { edits: boolean } {
  const index = checkpoint.json('model_index.json', modelIndex);
  const edits = componentEntry.safeParse(index.siglip).success;
  const unknown = Object.keys(index).find(
    (name) => !(name in neededComponents || name in editComponents) && componentEntry.safeParse(index[name]).success,
  );
  if (unknown !== undefined) throw new CheckpointError('model_index.json', unknown, 'component that is not supported');
  for (const [component, classes] of Object.entries({ ...neededComponents, ...(edits && editComponents) })) {
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
  return { edits };
}
