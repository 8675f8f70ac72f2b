import type { PipelineRequest } from '../../libs/inference/src/pipelines/pipeline-request.js';

/** The least that a pipeline can be asked for: one step of 64 × 64 pixels. */
export const smallRequest: PipelineRequest = {
  prompt: 'red apple',
  negativePrompt: null,
  source: null,
  width: 64,
  height: 64,
  steps: 1,
  guidance: { scale: 0, normalization: 0, truncation: 1 },
  noise: { seed: 1, index: 0, count: 1 },
};
