import { createLogger } from '@app/common/telemetry/logger.js';
import { exitWithError } from '@app/common/telemetry/exit-with-error.js';
import { readApiConfig } from './api.config.js';
import { createApp } from './create-app.js';

let logger = createLogger('api', 'info');

async function start(): Promise<void> {
  const config = readApiConfig(process.env);
  logger = createLogger('api', config.logLevel);
  const app = await createApp(config, logger);
  // Nest would end by raising the signal again, which the first process of a container does not feel.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(config.port, config.host);
  const url = await app.getUrl();
  logger.info({ url }, 'listening');
  process.send?.({ type: 'ready', url });
}

start().catch((error: unknown) => exitWithError(logger, error));
