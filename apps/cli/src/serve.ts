/** `npm run -s serve`: the whole service on one machine. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { Stack, type StackSummary } from './embedded/stack.js';

interface ServeFlags {
  json: boolean;
  port?: number;
  workers?: string;
  data: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const parentCheckMs = 1000;

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

let stopping: Promise<void> | undefined;
const stop = (exitCode: number): Promise<void> => (stopping ??= stack.stop().then(() => process.exit(exitCode)));
process.on('SIGTERM', () => void stop(0));
process.on('SIGINT', () => void stop(0));
stopWithNpm();

try {
  const summary = await stack.start();
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : welcome(summary));
} catch (error) {
  if (!stopping) process.stderr.write(`cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}

/** npm passes SIGTERM on, but it can be killed; then its shell or init becomes our parent. */
function stopWithNpm(): void {
  if (process.env.npm_lifecycle_event !== 'serve') return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop(0);
  }, parentCheckMs).unref();
}

function welcome({ url, apiKey, workers }: StackSummary): string {
  return `
zimage-queue is ready at ${url}  (docs: ${url}/docs)
workers: ${workers.map(({ model }) => model).join(', ') || 'none'}

  curl -s ${url}/v1/generations \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\
    -d '{"prompt": "red apple"}'

Ctrl-C stops everything.
`;
}
