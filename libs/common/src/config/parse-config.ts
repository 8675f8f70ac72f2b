import { z } from 'zod';
import { ServiceError } from '../errors.js';

/** The environment does not describe a process that can start; the message lists every fault with its variable. */
export class ConfigError extends ServiceError {
  readonly code = 'config_invalid';
}

/**
 * Reads a process' settings from environment variables, once, in its entry point. An empty variable counts as absent.
 * Throws {@link ConfigError} with one line per fault; values are never repeated, because some are secrets.
 */
export function parseConfig<Schema extends z.ZodType<object>>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): Readonly<z.output<Schema>> {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return Object.freeze(parsed.data);
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`invalid configuration:\n${faults.join('\n')}`);
}
