import type { Request, RequestHandler, Response } from 'express';

/** Reads a request's body by an Express parser, inside a handler. Throws what the parser reports. */
export async function runParser(parse: RequestHandler, request: Request, response: Response): Promise<void> {
  const error = await new Promise((resolve) => void parse(request, response, resolve));
  if (error === undefined) return;
  throw error instanceof Error ? error : new Error('the body could not be read', { cause: error });
}
