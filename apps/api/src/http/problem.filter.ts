import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { isOpenAiPath, openAiError, openAiHeaders, openAiStatus } from '../openai/openai-error.js';
import { toProblem } from './to-problem.js';

/** Turns whatever a request ended with into a problem document, or OpenAI's form of one. What is not foreseen is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const problem = toProblem(error);
    if (problem.status >= 500) this.logger.error({ err: error, code: problem.code }, 'request failed');
    if (response.headersSent) {
      response.end();
      return;
    }
    // Added, not set: the RateLimit fields of the request's own limit stand already.
    for (const [name, value] of Object.entries(problem.headers)) response.append(name, value);
    if (isOpenAiPath(host.switchToHttp().getRequest<Request>().path)) {
      response.status(openAiStatus(problem)).set(openAiHeaders(problem)).json(openAiError(problem));
      return;
    }
    response.status(problem.status).type('application/problem+json');
    response.send(JSON.stringify(problem.document));
  }
}
