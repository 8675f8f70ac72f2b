import { z } from 'zod';
import { requestKinds, type ModelCatalog } from '@app/common/contracts/model-catalog.js';
import type { JobStore } from '@app/common/jobs/job-store.js';

/** Answer of `GET /v1/models`. */
export const ModelList = z
  .object({
    models: z.array(
      z.object({
        name: z.string(),
        default: z.boolean().describe('Makes images from prompts that name no model'),
        kinds: z.array(z.enum(requestKinds)),
        defaults: z.object({ width: z.int(), height: z.int(), steps: z.int(), guidance_scale: z.number() }),
        limits: z.object({
          min_side: z.int(),
          max_side: z.int(),
          max_pixels: z.int(),
          max_steps: z.int(),
          max_images: z.int(),
          max_prompt_chars: z.int(),
          token_budget: z.int(),
        }),
        backlog: z.object({
          jobs: z.int(),
          units: z.number().describe('Work of the open jobs, in seconds of one worker'),
        }),
      }),
    ),
  })
  .meta({ id: 'ModelList' });
export type ModelList = z.infer<typeof ModelList>;

/** The catalog as clients may see it, with each model's backlog. */
export async function listModels(catalog: ModelCatalog, jobs: JobStore): Promise<ModelList> {
  const models = catalog.all.map(async ({ name, kinds, defaults, limits, token_budget }) => ({
    name,
    default: name === catalog.defaultFor('text-to-image')?.name,
    kinds,
    defaults,
    limits: { ...limits, token_budget },
    backlog: await jobs.backlog(name),
  }));
  return { models: await Promise.all(models) };
}
