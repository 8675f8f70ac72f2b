import type { GenerationRequest } from '@app/common/contracts/generation.js';
import type { NewJob } from '@app/common/jobs/job-store.js';

let models = 0;

/** A model name that no other test uses: its own keys in a shared Redis. */
export const newModel = (): string => `test-${process.pid}-${Date.now().toString(36)}-${models++}`;

export const generationRequest: GenerationRequest = {
  prompt: 'red apple',
  negative_prompt: null,
  width: 256,
  height: 256,
  steps: 8,
  guidance_scale: 0,
  cfg_normalization: false,
  cfg_truncation: 1,
  seed: 42,
  n: 1,
  output: { format: 'png', embed_parameters: true },
  batch: true,
  preview_every: 0,
};

export const newJob = (model: string, changes: Partial<NewJob> = {}): NewJob => ({
  tenant: 'acme',
  kind: 'generation',
  model,
  request: generationRequest,
  priority: 'normal',
  weight: 1,
  cost: 1,
  metadata: {},
  webhook: null,
  putUrls: [],
  deadlineAt: null,
  caps: { tenantJobs: 1000, queueJobs: 10_000 },
  ...changes,
});
