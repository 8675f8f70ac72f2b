import type { NextFunction, Request, Response } from 'express';
import { Problem } from './problems.js';

/** Nothing lies under a path that is no percent-encoded UTF-8; the router would call it a bad request. */
export function decodablePath(request: Request, _response: Response, next: NextFunction): void {
  next(isDecodable(request.path) ? undefined : new Problem('not_found'));
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
