import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { problemAnswer } from './problem-answer.js';
import { Problem, type ProblemCode } from './problems.js';
import { apiHeaders } from './security-headers.js';

/** What Node's HTTP parser says of a request that it refuses. Its `rawPacket` holds keys and prompts. */
interface ParserError extends Error {
  code?: string;
  reason?: string;
}

/** The answer that is on its way, by the name that Node's own handling of such errors reads it under. */
interface AnsweringSocket extends Duplex {
  _httpMessage?: ServerResponse | null;
}

/** Whatever else the parser meets is malformed. */
const parserProblems: Record<string, ProblemCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};
/** As Node looks for it. */
const continueExpected = /(?:^|\W)100-continue(?:$|\W)/i;
const close = { connection: 'close' };

/**
 * Answers with a problem what never becomes a request, where Node would send a bare status line, and closes the connection.
 * One that is gone, or in the middle of an answer, is closed without a word.
 */
export function answerRefused(server: Server, logger: Logger): void {
  const refuse = (socket: AnsweringSocket, problem: Problem): void => {
    const answer = socket._httpMessage;
    if (!socket.writable || answer?.headersSent === true) {
      socket.destroy();
      return;
    }
    const id = String(answer?.getHeader('x-request-id') ?? randomUUID());
    const { status, headers, body } = problemAnswer(problem, answer?.req.url ?? '');
    logger.info({ id, res: { statusCode: status }, code: problem.code, reason: problem.message }, 'request refused');
    socket.end(responseText(status, { ...apiHeaders, ...headers, ...close, 'x-request-id': id }, body), () =>
      socket.destroy(),
    );
  };
  server.on('clientError', ({ code = '', reason }: ParserError, socket) => {
    refuse(socket, new Problem(parserProblems[code] ?? 'malformed_request', reason));
  });
  server.on('connect', (_request, socket) => {
    refuse(socket, new Problem('method_not_allowed', 'this is no proxy', {}, { allow: '' }));
  });
}

/** Refuses what Node was told not to (timed-adapter.ts), so that it is logged and counted as any other request. */
export function wellFormed({ httpVersion, headers }: Request, _response: Response, next: NextFunction): void {
  next(httpVersion === '1.1' ? headProblem(headers) : undefined);
}

function headProblem({ host, expect }: Request['headers']): Problem | undefined {
  if (host === undefined) return new Problem('malformed_request', 'the header Host is missing', {}, close);
  if (expect === undefined || continueExpected.test(expect)) return undefined;
  return new Problem('expectation_failed', undefined, {}, close);
}

function responseText(status: number, headers: Record<string, string>, body: string): string {
  const fields = { date: new Date().toUTCString(), ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}
