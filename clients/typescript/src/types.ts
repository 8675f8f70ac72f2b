import type { components, operations } from './schema.js';

export type JobDocument = components['schemas']['JobDocument'];
export type Problem = components['schemas']['Problem'];
export type GenerationBody = operations['createGeneration']['requestBody']['content']['application/json'];
