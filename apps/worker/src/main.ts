import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext, NestApplicationOptions } from '@nestjs/common';
import { parseConfig } from '@app/common/config/parse-config.js';
import { exitWithError } from '@app/common/telemetry/exit-with-error.js';
import { createLogger } from '@app/common/telemetry/logger.js';
import { WorkerConfig } from './worker.config.js';
import { WorkerModule } from './worker.module.js';

/** Errors come to us, and our own log tells of them. */
const quiet: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = { logger: false, abortOnError: false };

let log = createLogger('worker', 'info');
let app: INestApplicationContext | undefined;

async function start(): Promise<void> {
  const config = parseConfig(WorkerConfig, process.env);
  log = createLogger('worker', config.LOG_LEVEL);
  const stop = once(() => stopWithin(config.GRACE_S));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  app = await NestFactory.createApplicationContext(WorkerModule.forConfig(config, log, fail), quiet);
  process.send?.({ type: 'ready' });
}

async function stopWithin(graceS: number): Promise<void> {
  // What still holds its job then loses it by lock, and another worker takes it up.
  setTimeout(() => process.exit(1), graceS * 1000).unref();
  await app?.close();
  process.exit(0);
}

function fail(error: unknown): void {
  exitWithError(log, error);
}

function once(action: () => Promise<void>): () => void {
  let done = false;
  return () => {
    if (!done) action().catch(fail);
    done = true;
  };
}

start().catch(fail);
