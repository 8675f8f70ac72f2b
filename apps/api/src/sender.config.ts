import { z } from 'zod';
import { parseConfig } from '@app/common/config/parse-config.js';
import { settings } from '@app/common/config/settings.js';

const SenderConfig = z.object(settings);
export type SenderConfig = Readonly<z.output<typeof SenderConfig>>;

/** Throws ConfigError, which lists every fault. */
export const readSenderConfig = (environment: NodeJS.ProcessEnv): SenderConfig =>
  parseConfig(SenderConfig, environment);
