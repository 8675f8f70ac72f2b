import type { NextFunction, Request, Response } from 'express';
import { Problem } from './problems.js';

/** Refuses bodies that the JSON parser would pass by in silence. */
export function jsonOnly(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['content-length'] !== '0';
  next(hasBody && request.is('json') === false ? new Problem('unsupported_media_type') : undefined);
}
