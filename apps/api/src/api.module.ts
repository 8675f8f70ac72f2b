import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { KeyStore } from '@app/common/auth/key-store.js';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { ImageFetcher } from '@app/common/input-images/fetch-image.js';
import { InputStore } from '@app/common/input-images/input-store.js';
import { JobEvents } from '@app/common/jobs/job-events.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { DeliveryQueue } from '@app/common/queue/delivery-queue.js';
import { RequestRate } from '@app/common/limits/request-rate.js';
import { apiConnection, workerConnection } from '@app/common/queue/connection.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { DeadLetters } from '@app/common/webhooks/dead-letters.js';
import { DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { QueueBoard } from './admin/queue-board.js';
import type { ApiConfig } from './api.config.js';
import { Connections } from './connections.js';
import { EditsController } from './edits/edits.controller.js';
import { FilesController } from './files/files.controller.js';
import { SignedFiles } from './files/signed-files.js';
import { AcceptedJobs } from './generations/accepted-jobs.js';
import { GenerationService } from './generations/generation-service.js';
import { GenerationsController } from './generations/generations.controller.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { AuthGuard, DefaultRequestRate } from './http/auth.guard.js';
import { InputImages } from './inputs/input-images.js';
import { EventStream } from './jobs/event-stream.js';
import { JobDocuments } from './jobs/job-documents.js';
import { JobsController } from './jobs/jobs.controller.js';
import { TenantJobs } from './jobs/tenant-jobs.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { queueMetrics } from './metrics/queue-metrics.js';
import { ModelsController } from './models/models.controller.js';
import { ImagesController } from './openai/images.controller.js';
import { ImagesService } from './openai/images-service.js';
import { PlaygroundController } from './playground/playground.controller.js';
import { StorageOrigin } from './playground/storage-origin.js';
import { DeliveriesController } from './webhooks/deliveries.controller.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { WorkerRegistry } from '@app/common/workers/worker-registry.js';
import { WorkersController } from './workers/workers.controller.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';

export interface ApiTelemetry {
  registry: Registry;
  stopTracing: () => Promise<void>;
}

/** The composition root: plain classes, joined once. */
@Module({})
export class ApiModule {
  /** Opens connections but waits for none: without Redis the API starts and answers 503. */
  static of(config: ApiConfig, logger: Logger, { registry, stopTracing }: ApiTelemetry): DynamicModule {
    const catalog = ModelCatalog.read(config.modelsFile);
    const storage = openStorage(config.storageUrl, { publicUrl: config.publicUrl, signingKey: config.urlSigningKey });
    const redis = apiConnection(config.redisUrl);
    const onError = (error: Error): void => logger.warn({ err: error }, 'redis');
    redis.on('error', onError);

    const jobs = new JobStore(redis, { models: catalog.names, ttlMs: config.jobTtlMs, queuesMeanwhile: true });
    const deliveries = new DeliveryQueue(redis);
    const events = new JobEvents(redis, () => workerConnection(config.redisUrl).on('error', onError));
    const documents = new JobDocuments(storage, config.resultUrlTtlSeconds);
    const inputs = new InputStore(storage);
    const fetcher = new ImageFetcher({ embedded: config.mode === 'embedded' });
    const policy = {
      caps: config.caps,
      embedded: config.mode === 'embedded',
      gpuSecondsPerDay: config.gpuSecondsPerDay,
    };

    const keys = new KeyStore(redis);
    const board = new QueueBoard(redis, keys, catalog.names);
    queueMetrics(registry, jobs, catalog.names);
    const generations = new GenerationService(catalog, jobs, events, new InputImages(inputs, fetcher), policy);

    const parts = [
      inputs,
      keys,
      board,
      generations,
      new AcceptedJobs(generations, documents),
      new ImagesService(generations, storage, {
        waitSeconds: config.openAiWaitSeconds,
        urlTtlSeconds: config.resultUrlTtlSeconds,
      }),
      new RequestRate(redis),
      new WorkerRegistry(redis),
      new DefaultRequestRate(config.requestsPerMinute),
      new TenantJobs(jobs),
      new EventStream(jobs, events, documents),
      new SignedFiles(storage, config.urlSigningKey),
      new StorageOrigin(storage),
      new Readiness(redis),
      new DeliveryLog(redis),
      new DeadLetters(redis),
      new DisabledEndpoints(redis),
      deliveries,
      new WebhookSecrets(redis),
      new Connections(redis, events, [board, jobs, deliveries, storage, fetcher, { close: stopTracing }]),
      catalog,
      jobs,
      documents,
    ];
    return {
      module: ApiModule,
      controllers: [
        GenerationsController,
        EditsController,
        ImagesController,
        UploadsController,
        JobsController,
        DeliveriesController,
        WebhooksController,
        ModelsController,
        WorkersController,
        FilesController,
        HealthController,
        MetricsController,
        PlaygroundController,
      ],
      providers: [
        ...parts.map((part) => ({ provide: part.constructor, useValue: part })),
        { provide: Registry, useValue: registry },
        { provide: APP_GUARD, useClass: AuthGuard },
      ],
    };
  }
}
