import type { Logger } from 'pino';
import { ServiceError } from '../errors.js';

/** EX_CONFIG of sysexits.h: starting the process again changes nothing. */
const configurationExit = 78;

/** Ends a process that cannot go on: its last log line says why, its exit status whether another start may help. */
export function exitWithError(log: Logger, error: unknown): never {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof ServiceError && !error.retryable ? configurationExit : 1);
}
