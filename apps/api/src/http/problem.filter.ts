import { Catch, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { allowedMethods } from './allowed-methods.js';
import { problemAnswer } from './problem-answer.js';
import { Problem } from './problems.js';
import { toProblem } from './to-problem.js';

/** Turns whatever a request ended with into a problem document, or OpenAI's form of one. What is not foreseen is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request>();
    const methodProblem = error instanceof NotFoundException ? wrongMethod(request) : null;
    const problem = methodProblem ?? toProblem(error);
    if (problem.status >= 500) this.logger.error({ err: error, code: problem.code }, 'request failed');
    if (response.headersSent) {
      response.end();
      return;
    }
    const { status, headers, body } = problemAnswer(problem, request.path);
    // Added, not set: the RateLimit fields of the request's own limit stand already.
    for (const [name, value] of Object.entries(headers)) response.append(name, value);
    response.status(status).send(body);
  }
}

/** Nest's router throws the same for a path that is not there and for one without this method. */
function wrongMethod(request: Request): Problem | null {
  const methods = allowedMethods(request);
  if (methods.length === 0) return null;
  const allow = methods.join(', ');
  return new Problem('method_not_allowed', `this path takes ${allow}`, {}, { allow });
}
