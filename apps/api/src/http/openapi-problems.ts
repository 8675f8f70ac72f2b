import { ApiExtension, type OpenAPIObject } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { isOpenAiPath, openAiError, openAiStatus, type OpenAiError } from '../openai/openai-error.js';
import { Problem, problems, type ProblemCode, type ProblemDocument } from './problems.js';

/** Of every route that asks for a key. */
const guardProblems: ProblemCode[] = [
  'unauthenticated',
  'scope_missing',
  'rate_limited',
  'redis_unavailable',
  'internal_error',
];
/** Of every route that takes a body, and of those that would take none and get one. */
export const bodyProblems = ['invalid_json', 'body_too_large', 'unsupported_media_type'] as const;
/** Of every route that makes a job. */
export const acceptProblems = [
  ...bodyProblems,
  'validation_failed',
  'model_unknown',
  'kind_not_served',
  'limit_exceeded',
  'image_type_unsupported',
  'image_invalid',
  'image_too_large',
  'image_url_refused',
  'image_unreachable',
  'upload_not_found',
  'inputs_busy',
  'idempotency_in_flight',
  'idempotency_key_reused',
  'quota_exceeded',
  'tenant_limit_reached',
  'queue_full',
  'storage_unavailable',
] as const;

/** The problems that a route can answer with, beside those of its key. */
export const ApiProblems = (...codes: ProblemCode[]): MethodDecorator => ApiExtension('x-problem-codes', codes);

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & { 'x-problem-codes'?: ProblemCode[] };

/** Writes the problems of a path's operation as its responses, by status, each with its codes as examples. */
export function describeProblems(path: string, operation: Operation): void {
  const own = operation['x-problem-codes'] ?? [];
  delete operation['x-problem-codes'];
  const inOpenAiForm = isOpenAiPath(path);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set([...('x-required-scope' in operation ? guardProblems : []), ...own])) {
    const status = inOpenAiForm ? openAiStatus(problems[code]) : problems[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of byStatus) {
    const names = codes.map((code) => `\`${code}\``).join(', ');
    const name = (code: ProblemCode): string => (inOpenAiForm ? openAiExample(code) : code);
    const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${name(code)}` }]));
    operation.responses[status] = {
      description: `${STATUS_CODES[status] ?? 'Problem'}: ${names}`,
      content: inOpenAiForm
        ? { 'application/json': { schema: { $ref: '#/components/schemas/OpenAiError' }, examples } }
        : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples } },
    };
  }
}

const openAiExample = (code: ProblemCode): string => `openai_${code}`;

interface ProblemExample {
  summary: string;
  value: ProblemDocument | OpenAiError;
}

/** Every problem, in both forms, as the responses refer to them. */
export function problemExamples(): Record<string, ProblemExample> {
  const examples: Record<string, ProblemExample> = {};
  for (const code of Object.keys(problems) as ProblemCode[]) {
    const problem = new Problem(code);
    const { title: summary } = problems[code];
    examples[code] = { summary, value: problem.document };
    examples[openAiExample(code)] = { summary, value: openAiError(problem) };
  }
  return examples;
}
