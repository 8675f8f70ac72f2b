import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { pinoHttp, type HttpLogger } from 'pino-http';
import { probePaths } from './probe-paths.js';

/**
 * One log line a request, with its id, method, path and status; never headers, bodies or queries, which hold keys, prompts
 * and URL signatures. A client's own `x-request-id` is kept, and every answer carries it.
 */
export const requestLog = (logger: Logger): HttpLogger =>
  pinoHttp({
    logger,
    genReqId: (request, response) => {
      const id = givenId(request) ?? randomUUID();
      response.setHeader('x-request-id', id);
      return id;
    },
    serializers: {
      req: ({ id, method, url }: { id: string; method: string; url: string }) => ({
        id,
        method,
        path: url.split('?')[0],
      }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
    customLogLevel: (request, _response, error) => {
      if (error) return 'error';
      return probePaths.includes(request.url ?? '') ? 'debug' : 'info';
    },
  });

function givenId(request: IncomingMessage): string | undefined {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,128}$/.test(given) ? given : undefined;
}
