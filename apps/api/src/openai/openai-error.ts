import { z } from 'zod';
import type { Problem } from '../http/problems.js';

/** What OpenAI's clients read an error from. */
export const OpenAiError = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable().describe('The first wrong field'),
      code: z.string().describe("The problem's code"),
    }),
  })
  .meta({ id: 'OpenAiError' });
export type OpenAiError = z.infer<typeof OpenAiError>;

/** Whether a path is of the OpenAI Images API, whose errors have a form of their own. */
export const isOpenAiPath = (path: string): boolean => /^\/v1\/images(\/|$)/i.test(path);

/** A problem in OpenAI's form. */
export const openAiError = (problem: Problem): OpenAiError => ({
  error: {
    message: problem.message,
    type: errorTypes[problem.status] ?? (problem.status >= 500 ? 'server_error' : 'invalid_request_error'),
    param: problem.document.errors?.[0]?.field ?? null,
    code: problem.code,
  },
});

/** Wrong fields are 400 there, which its clients raise as `BadRequestError`. */
export const openAiStatus = ({ status }: { status: number }): number => (status === 422 ? 400 : status);

/** What its clients would otherwise try again by themselves, in vain: they would even sleep until the quota's next day. */
export const openAiHeaders = ({ code }: Problem): Record<string, string> =>
  finalCodes.has(code) ? { 'x-should-retry': 'false' } : {};

const finalCodes = new Set(['quota_exceeded', 'job_failed', 'job_canceled', 'job_expired', 'job_unfinished']);

const errorTypes: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};
