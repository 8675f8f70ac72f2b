import { isOpenAiPath, openAiError, openAiHeaders, openAiStatus } from '../openai/openai-error.js';
import type { Problem } from './problems.js';

export interface ProblemAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** A problem as the routes under a path answer it: a problem document, or OpenAI's form of one. */
export function problemAnswer(problem: Problem, path: string): ProblemAnswer {
  if (isOpenAiPath(path)) {
    return {
      status: openAiStatus(problem),
      headers: { ...problem.headers, ...openAiHeaders(problem), 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(openAiError(problem)),
    };
  }
  return {
    status: problem.status,
    headers: { ...problem.headers, 'content-type': 'application/problem+json; charset=utf-8' },
    body: JSON.stringify(problem.document),
  };
}
