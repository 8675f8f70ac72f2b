import { createLogger } from '@app/common/telemetry/logger.js';
import { readApiConfig } from './api.config.js';
import { createApp } from './create-app.js';

/** Exit status of a process that was set up wrongly: starting it again changes nothing (EX_CONFIG). */
const configExit = 78;

async function start(): Promise<void> {
  const config = readApiConfig(process.env);
  const logger = createLogger('api', config.logLevel);
  const app = await createApp(config, logger);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  await app.listen(config.port, config.host);
  const url = await app.getUrl();
  logger.info({ url }, 'listening');
  process.send?.({ type: 'ready', url });
}

start().catch((error: unknown) => {
  process.stderr.write(`api: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(configExit);
});
