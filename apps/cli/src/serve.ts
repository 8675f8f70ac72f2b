/** `npm run -s serve`: the whole service on one machine. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { Stack } from './embedded/stack.js';
import { stopOnSignals, stopWithNpm } from './embedded/stop-on-signals.js';
import { welcome } from './embedded/welcome.js';

interface ServeFlags {
  json: boolean;
  port?: number;
  workers?: string;
  data: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const portOf = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('must be 1–65535');
  return port;
};

const flags = new Command('serve')
  .description('Starts Redis, the API, the webhook sender and the workers on this machine.')
  .option('--json', 'print one line of JSON when everything is ready', false)
  .option('--port <n>', 'port of the API (default: 3000 or the next free one)', portOf)
  .option('--workers <model=n,…>', 'workers to start (default: one for each model)')
  .option('--data <dir>', 'folder for Redis, images and keys', '.data')
  .parse()
  .opts<ServeFlags>();

const { REDIS_URL: redisUrl, STORAGE_URL: storageUrl, MODELS_FILE: modelsFile, LOG_LEVEL: logLevel } = process.env;

const stack = new Stack({
  root,
  dataDir: resolve(flags.data),
  modelsFile: modelsFile ? resolve(modelsFile) : resolve(root, 'models/catalog.json'),
  logLevel: logLevel ?? 'info',
  log: (line) => process.stderr.write(`${line}\n`),
  ...(flags.port !== undefined && { port: flags.port }),
  ...(flags.workers !== undefined && { workers: flags.workers }),
  ...(redisUrl && { redisUrl }),
  ...(storageUrl && { storageUrl }),
});

const stop = stopOnSignals(stack);
if (process.env.npm_lifecycle_event === 'serve') stopWithNpm(stop);

try {
  const summary = await stack.start();
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : welcome(summary));
} catch (error) {
  process.stderr.write(`cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}
