import { collectDefaultMetrics, Registry } from 'prom-client';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { exitWithError } from '@app/common/telemetry/exit-with-error.js';
import { createLogger } from '@app/common/telemetry/logger.js';
import { MetricsServer } from '@app/common/telemetry/metrics-server.js';
import { startTracing } from '@app/common/telemetry/tracing.js';
import { readSenderConfig } from './sender.config.js';
import { Sender } from './sender/sender.js';

/** A stop that Redis or an endpoint holds up is cut short: what is under way is done again by the next sender. */
const stopWithinMs = 20_000;

let logger = createLogger('sender', 'info');

async function start(): Promise<void> {
  const config = readSenderConfig(process.env);
  logger = createLogger('sender', config.LOG_LEVEL);
  const catalog = ModelCatalog.read(config.MODELS_FILE);
  const storage = openStorage(config.STORAGE_URL, { publicUrl: config.PUBLIC_URL, signingKey: config.URL_SIGNING_KEY });
  const redis = workerConnection(config.REDIS_URL);
  redis.on('error', (error) => logger.warn({ err: error }, 'redis'));

  const stopTracing = await startTracing('sender', config.OTEL_EXPORTER_OTLP_ENDPOINT);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const sender = new Sender({
    redis,
    models: catalog.names,
    storage,
    embedded: config.ZIMAGE_MODE === 'embedded',
    registry,
    onError: (error) => logger.error({ err: error }, 'a duty failed; it runs again'),
  });

  let metrics: MetricsServer | undefined;
  async function stop(signal: string): Promise<void> {
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    logger.info({ signal }, 'stopping');
    await sender.stop();
    await metrics?.close();
    await stopTracing();
    await storage.close();
    redis.disconnect();
    if (process.connected) process.disconnect();
  }
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));

  await sender.start();
  if (config.METRICS_PORT !== undefined) {
    metrics = await MetricsServer.listen({
      host: config.METRICS_HOST,
      port: config.METRICS_PORT,
      registry,
      ready: () => sender.ready && redis.status === 'ready',
    });
  }
  logger.info({ models: catalog.names }, 'ready');
  process.send?.({ type: 'ready' });
}

start().catch((error: unknown) => exitWithError(logger, error));
