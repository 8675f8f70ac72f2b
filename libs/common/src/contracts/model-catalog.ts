import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ServiceError } from '../errors.js';

/** What a model can be asked for. */
export const requestKinds = ['text-to-image', 'image-to-image', 'inpaint', 'edit'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** What the API reads of any body that may carry images: four of 10 MB as base64, and the rest. */
export const maxBodyBytes = 56_000_000;

const ModelEntry = z.strictObject({
  /** Public name, also the queue's name: lower case, so that it is safe in keys, labels and job ids. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/),
  /** Checkpoint directory in the diffusers layout, relative to the catalog file. */
  checkpoint: z.string().min(1),
  /** Used where a request names no model and this one serves its kind. */
  default: z.boolean().default(false),
  kinds: z.array(z.enum(requestKinds)).min(1).default(['text-to-image', 'image-to-image', 'inpaint']),
  defaults: z.strictObject({
    width: z.int().positive(),
    height: z.int().positive(),
    steps: z.int().positive(),
    guidance_scale: z.number().min(0),
  }),
  limits: z.strictObject({
    min_side: z.int().positive(),
    max_side: z.int().positive(),
    max_pixels: z.int().positive(),
    max_steps: z.int().positive(),
    max_images: z.int().positive(),
    max_prompt_chars: z.int().positive(),
    max_body_bytes: z.int().positive().default(maxBodyBytes),
  }),
  /** Image tokens × steps × guidance passes that one worker does in a second: turns requests into GPU-seconds. */
  reference_rate: z.number().positive(),
  /** Image tokens × guidance passes that may be in flight in one engine. A request above it could never start. */
  token_budget: z.int().positive(),
});

const Catalog = z.strictObject({ models: z.array(ModelEntry).min(1) });

/** One model of the catalog file; `checkpoint` is an absolute path. */
export type Model = z.infer<typeof ModelEntry>;

/** The catalog file is missing or wrong; the message names the file and the field. */
export class CatalogError extends ServiceError {
  readonly code = 'catalog_invalid';
}

/** The models that this installation serves, by name. Read once at start; API and workers read the same file. */
export class ModelCatalog {
  private constructor(private readonly byName: ReadonlyMap<string, Model>) {}

  /** Reads and checks a catalog file. Throws {@link CatalogError}. */
  static read(file: string): ModelCatalog {
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new CatalogError(`${file}: ${cause instanceof Error ? cause.message : 'unreadable'}`, { cause });
    }
    const parsed = Catalog.safeParse(json);
    if (!parsed.success) throw new CatalogError(`${file}: ${z.prettifyError(parsed.error)}`);
    const models = new Map<string, Model>();
    for (const model of parsed.data.models) {
      if (models.has(model.name)) throw new CatalogError(`${file}: model ${model.name} is listed twice`);
      models.set(model.name, { ...model, checkpoint: resolve(dirname(file), model.checkpoint) });
    }
    return new ModelCatalog(models);
  }

  get(name: string): Model | undefined {
    return this.byName.get(name);
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  get all(): Model[] {
    return [...this.byName.values()];
  }

  /** The models that serve a kind of request. */
  serving(kind: RequestKind): Model[] {
    return this.all.filter(({ kinds }) => kinds.includes(kind));
  }

  /** The model of a request that names none: of those that serve its kind the one marked `default`, else the first. */
  defaultFor(kind: RequestKind): Model | undefined {
    const models = this.serving(kind);
    return models.find((model) => model.default) ?? models[0];
  }
}
