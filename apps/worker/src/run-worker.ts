import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext, NestApplicationOptions } from '@nestjs/common';
import { parseConfig } from '@app/common/config/parse-config.js';
import { exitWithError } from '@app/common/telemetry/exit-with-error.js';
import { createLogger } from '@app/common/telemetry/logger.js';
import { startTracing } from '@app/common/telemetry/tracing.js';
import { WorkerConfig } from './worker.config.js';
import { WorkerModule } from './worker.module.js';

/** Errors come to us, and our own log tells of them. */
const quiet: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = { logger: false, abortOnError: false };

/**
 * Makes this process a worker, from its start to its end: serves until SIGTERM or SIGINT, then drains and exits.
 * `hostEntry`: the engine host's entry point. Which one is decided by who calls, never by configuration.
 */
export function runWorker(environment: NodeJS.ProcessEnv, hostEntry: string): void {
  let log = createLogger('worker', 'info');
  let app: INestApplicationContext | undefined;
  let stopping = false;
  let stopTracing: (() => Promise<void>) | undefined;
  const fail = (error: unknown): void => exitWithError(log, error);

  const start = async (): Promise<void> => {
    const config = parseConfig(WorkerConfig, environment);
    log = createLogger('worker', config.LOG_LEVEL);
    stopTracing = await startTracing('worker', config.OTEL_EXPORTER_OTLP_ENDPOINT);
    const stop = (): void => {
      if (!stopping) stopWithin(config.GRACE_S).catch(fail);
      stopping = true;
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    const onUnusable = (error: Error): void => {
      log.error(`${error.message}; handing back what is in hand`);
      setTimeout(fail, config.GRACE_S * 1000, error).unref();
      void app?.close().finally(() => fail(error));
    };
    const module = WorkerModule.forConfig(config, { hostEntry, log, onUnusable });
    app = await NestFactory.createApplicationContext(module, quiet);
    process.send?.({ type: 'ready' });
  };

  const stopWithin = async (graceS: number): Promise<void> => {
    // What still holds its job then loses it by lock, and another worker takes it up.
    setTimeout(() => process.exit(1), graceS * 1000).unref();
    await app?.close();
    await stopTracing?.();
    process.exit(0);
  };

  start().catch(fail);
}
