import type { NextFunction, Request, Response } from 'express';
import { inSpan, SpanKind } from '@app/common/telemetry/tracing.js';
import { probePaths } from './probe-paths.js';

/** A span around each request, under the client's own trace where it sends a `traceparent`. */
export function requestTrace(request: Request, response: Response, next: NextFunction): void {
  if (probePaths.includes(request.path)) {
    next();
    return;
  }
  const header = request.headers.traceparent;
  const parent = typeof header === 'string' ? header : undefined;
  void inSpan(request.method, { parent, kind: SpanKind.SERVER }, async (span) => {
    const finished = new Promise((resolve) => response.once('close', resolve));
    next();
    await finished;
    const route = (request.route as { path?: string } | undefined)?.path;
    if (route !== undefined) span.updateName(`${request.method} ${route}`);
    span.setAttributes({
      'http.request.method': request.method,
      'http.response.status_code': response.statusCode,
      ...(route !== undefined && { 'http.route': route }),
    });
  });
}
