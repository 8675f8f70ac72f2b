import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { isUtf8 } from 'node:buffer';
import { noteBodyBytes } from './body-bytes.js';
import { jsonFault } from './json-fault.js';
import { fieldProblem, type Problem } from './problems.js';

type JsonParserOptions = NonNullable<Parameters<typeof express.json>[0]>;

/** An error of Express' body parser, or of zlib on its way through it. */
interface BodyError extends Error {
  status?: number;
  type?: string;
  errno?: number;
  body?: unknown;
  limit?: number;
}

/** The bytes are no UTF-8: their text would be taken with holes. */
class BodyNotUtf8 extends Error {
  readonly type = 'charset.wrong';
}

/** Reads JSON bodies, any JSON: a schema says what is wrong with it. Ends with a problem that names what cannot be read. */
export function jsonBody(options: Pick<JsonParserOptions, 'limit' | 'type'>): RequestHandler {
  const parse: RequestHandler = express.json({
    ...options,
    strict: false,
    verify: (request, _response, bytes, charset) => {
      noteBodyBytes(request, bytes.byteLength);
      if (charset === 'utf-8' && !isUtf8(bytes)) throw new BodyNotUtf8();
    },
  });
  return (request: Request, response: Response, next: NextFunction) => {
    void parse(request, response, (error?: unknown) => next(bodyProblem(error) ?? error));
  };
}

/** Null when the error is none of the body parser's. */
function bodyProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { status, type, errno, body, limit } = error as BodyError;
  if (type === 'entity.parse.failed') return fieldProblem('invalid_json', 'body', jsonFault(String(body)));
  if (type === 'charset.wrong') return fieldProblem('invalid_json', 'body', 'is not UTF-8');
  // zlib numbers its errors, and is all that does so among what the parser calls the client's fault.
  if (status === 400 && errno !== undefined && type === undefined) {
    return fieldProblem('invalid_json', 'Content-Encoding', 'the body cannot be unpacked as it says');
  }
  if (type === 'encoding.unsupported') {
    return fieldProblem('unsupported_media_type', 'Content-Encoding', 'must be gzip, deflate or br, or be absent');
  }
  if (type === 'charset.unsupported') return fieldProblem('unsupported_media_type', 'Content-Type', 'must say UTF-8');
  if (type === 'entity.too.large') return fieldProblem('body_too_large', 'body', `has more than ${limit} bytes`);
  return null;
}
