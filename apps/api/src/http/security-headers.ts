import type { NextFunction, Request, Response } from 'express';

/** Of every answer but those of pages. */
export const apiHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** The pages at /docs and /admin/queues load their own scripts, and styles that they write inline. */
const pagePolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

export function securityHeaders(request: Request, response: Response, next: NextFunction): void {
  response.set(apiHeaders);
  if (/^\/(docs|admin\/queues)/.test(request.path)) response.set('content-security-policy', pagePolicy);
  next();
}
