export { ZImageClient, type ClientOptions, type GenerateOptions } from './client.js';
export { ProblemError } from './problem-error.js';
export type { JobEvent, JobPreview } from './job-events.js';
export type { GenerationBody, JobDocument, Problem } from './types.js';
export { verifyWebhook, type WebhookBody } from './verify-webhook.js';
export type { components, operations, paths } from './schema.js';
