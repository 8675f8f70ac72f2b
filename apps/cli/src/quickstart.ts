/** Second half of scripts/quickstart.sh: starts the stack, makes one picture through the API, saves it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import ora from 'ora';
import { ApiClient, ApiProblem } from './embedded/api-client.js';
import { Stack } from './embedded/stack.js';
import { stopOnSignals } from './embedded/stop-on-signals.js';
import { welcome } from './embedded/welcome.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const command = new Command('quickstart')
  .argument('<prompt>', 'what the picture shows')
  .option('--once', 'stop when the picture is there', false)
  .parse();
const [prompt = ''] = command.args;
const { once } = command.opts<{ once: boolean }>();

const startedAt = Date.now();
const log: string[] = [];
const stack = new Stack({
  root,
  dataDir: resolve(root, '.data'),
  modelsFile: resolve(root, 'models/catalog.json'),
  logLevel: 'info',
  log: (line) => log.push(line),
  ...(process.env.REDIS_URL && { redisUrl: process.env.REDIS_URL }),
});
const stop = stopOnSignals(stack);
const spinner = ora({ text: 'starting Redis, API, sender and workers', discardStdin: false }).start();

try {
  const summary = await stack.start();
  spinner.succeed(`serving at ${summary.url}`);
  spinner.start(`drawing "${prompt}"`);
  const { path, url, seed } = await draw(new ApiClient(summary.url, summary.apiKey));
  spinner.succeed('done');
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const reach = once ? ' (while the service runs: without --once it keeps running)' : '';
  process.stdout.write(`picture: ${path}\nurl:     ${url}${reach}\nseed:    ${seed}\ntime:    ${seconds} s\n`);
  if (once) await stop(0);
  else process.stdout.write(welcome(summary));
} catch (error) {
  spinner.fail(error instanceof Error ? error.message : String(error));
  process.stderr.write(log.slice(-10).join('\n') + '\n');
  await stop(1);
}

async function draw(api: ApiClient): Promise<{ path: string; url: string; seed: number }> {
  const { id } = await api.generate({ prompt });
  await api.follow(id, (step, steps) => (spinner.text = `drawing "${prompt}": step ${step} of ${steps}`));
  const job = await api.job(id);
  const image = job.images[0];
  if (!image) throw new ApiProblem(`the job is ${job.state}: ${job.error?.message ?? 'no reason given'}`);
  const response = await fetch(image.url);
  if (!response.ok) throw new ApiProblem(`the picture's URL answered ${response.status}`);
  const file = resolve(root, 'out', `${fileName(prompt)}-${image.seed}.png`);
  mkdirSync(resolve(root, 'out'), { recursive: true });
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  return { path: relative(process.cwd(), file), url: image.url, seed: image.seed };
}

/** A prompt as a file name: letters and digits of any script, at most 40 characters. */
function fileName(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'picture'
  );
}
