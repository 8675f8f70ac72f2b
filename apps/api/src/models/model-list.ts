import { z } from 'zod';
import { requestKinds, type ModelCatalog } from '@app/common/contracts/model-catalog.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import type { WorkerRegistry } from '@app/common/workers/worker-registry.js';

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
          max_body_bytes: z.int(),
          token_budget: z.int(),
        }),
        workers: z.int().describe('Workers that serve it now'),
        cold: z.boolean().describe('None does: jobs are accepted and wait for one'),
        estimated_wait_s: z.number().nullable().describe('Until all open work is done; null while cold'),
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
export async function listModels(catalog: ModelCatalog, jobs: JobStore, registry: WorkerRegistry): Promise<ModelList> {
  const models = catalog.all.map(async ({ name, kinds, defaults, limits, token_budget }) => {
    const [backlog, live] = await Promise.all([jobs.backlog(name), registry.list(name)]);
    const workers = live.filter(({ state }) => state === 'serving').length;
    return {
      name,
      default: name === catalog.defaultFor('text-to-image')?.name,
      kinds,
      defaults,
      limits: { ...limits, token_budget },
      workers,
      cold: workers === 0,
      estimated_wait_s: workers === 0 ? null : backlog.units / workers,
      backlog,
    };
  });
  return { models: await Promise.all(models) };
}
