import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { startTracing } from '@app/common/telemetry/tracing.js';
import { QueueBoard, queueBoardPath } from './admin/queue-board.js';
import type { ApiConfig } from './api.config.js';
import { ApiModule } from './api.module.js';
import { jsonBody } from './http/json-body.js';
import { decodablePath } from './http/decodable-path.js';
import { mayCarryImages } from './http/image-routes.js';
import { jsonOnly } from './http/json-only.js';
import { boundedNesting } from './http/nesting.js';
import { serveOpenApi } from './http/openapi.js';
import { ProblemFilter } from './http/problem.filter.js';
import { answerRefused, wellFormed } from './http/refused-requests.js';
import { requestLog } from './http/request-log.js';
import { requestTrace } from './http/request-trace.js';
import { securityHeaders } from './http/security-headers.js';
import { TimedAdapter } from './http/timed-adapter.js';
import { validationPipe } from './http/validation.js';
import { httpMetrics } from './metrics/http-metrics.js';
import { pageFolder } from './playground/playground.controller.js';

const bodyLimit = '256kb';

/** The API, ready to listen. */
export async function createApp(config: ApiConfig, logger: Logger): Promise<NestExpressApplication> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const stopTracing = await startTracing('api', config.traceEndpoint);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest types its options as a class
  const options: NestApplicationOptions = { bodyParser: false, abortOnError: false, logger: false };
  const app = await NestFactory.create<NestExpressApplication>(
    ApiModule.of(config, logger, { registry, stopTracing }),
    new TimedAdapter(config.requestTimeoutMs),
    options,
  );
  answerRefused(app.getHttpServer(), logger);
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(
    requestLog(logger),
    requestTrace,
    httpMetrics(registry),
    securityHeaders,
    wellFormed,
    decodablePath,
    jsonOnly,
  );
  const bodies = jsonBody({ limit: bodyLimit, type: (request) => !mayCarryImages(request as Request) });
  app.use(bodies, boundedNesting);
  const board = app.get(QueueBoard);
  app.use(queueBoardPath, board.handle.bind(board));
  app.useStaticAssets(pageFolder, { prefix: '/playground', index: false, redirect: false });
  app.useGlobalPipes(validationPipe);
  app.useGlobalFilters(new ProblemFilter(logger));
  serveOpenApi(app);
  return app;
}
