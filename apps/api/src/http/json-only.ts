import type { NextFunction, Request, Response } from 'express';
import { mayCarryImages } from './image-routes.js';
import { fieldProblem } from './problems.js';

/** Refuses bodies that the JSON parser would pass by in silence; routes that take other bodies look for themselves. */
export function jsonOnly(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['content-length'] !== '0';
  next(
    !mayCarryImages(request) && hasBody && request.is('json') === false
      ? fieldProblem('unsupported_media_type', 'Content-Type', 'must be application/json')
      : undefined,
  );
}
