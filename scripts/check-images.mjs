/**
 * Builds the images' stages without a container engine: their COPY and RUN steps in clean folders, npm ci included, from the
 * files that a clone would give them. Then looks at what is inside, starts it, and runs its health check.
 *
 *   npm run check:images [-- --cuda]     --cuda: the stage that fetches the CUDA provider as well (some 250 MB)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../dist/apps/cli/src/embedded/port.js';
import { startRedis } from '../dist/apps/cli/src/embedded/redis-server.js';
import { copyBuildContext } from './images/build-context.mjs';
import { buildStages } from './images/build-stages.mjs';
import { startImage } from './images/start-image.mjs';

const { values: flags } = parseArgs({ options: { cuda: { type: 'boolean', default: false } } });
const work = mkdtempSync(join(tmpdir(), 'zimage-images-'));
const redis = await startRedis({ root: resolve('.'), dataDir: join(work, 'redis') });
try {
  const context = join(work, 'context');
  copyBuildContext(context);
  const api = buildStages('apps/api/Dockerfile', { context, folder: join(work, 'api') }).get('final');
  const without = flags.cuda ? [] : ['cuda-provider', 'cuda'];
  const worker = buildStages('apps/worker/Dockerfile', { context, folder: join(work, 'worker'), without });

  const apiUrl = `http://127.0.0.1:${await freePort()}`;
  const settings = {
    REDIS_URL: redis.url,
    STORAGE_URL: `file://${work}/files`,
    PUBLIC_URL: apiUrl,
    URL_SIGNING_KEY: 'k'.repeat(32),
    LOG_LEVEL: 'error',
  };
  expect(
    filesOf(api).every((file) => !file.includes('onnxruntime')),
    'the API image has no ONNX Runtime',
  );
  const sender = { ...api, command: ['dist/apps/api/src/sender.js'], healthcheck: portCheck('METRICS_PORT') };
  await check('sender', sender, { ...settings, METRICS_PORT: String(await freePort()) });
  const metrics = { METRICS_PORT: String(await freePort()), MODEL: 'z-image-nano-turbo' };
  await check('api', api, { ...settings, PORT: new URL(apiUrl).port, HOST: '127.0.0.1' }, async () => {
    for (const path of ['/', '/playground/main.js', '/docs', '/openapi.json']) {
      expect((await fetch(apiUrl + path)).status === 200, `api answers GET ${path}`);
    }
    await check('worker:cpu', worker.get('cpu'), { ...settings, ...metrics }, () => draw(apiUrl, api, settings));
    const report = zimage(worker.get('cpu'), settings, 'doctor');
    expect(report.status === 0, `the doctor in worker:cpu finds no fault\n${report.stdout.replace(/^/gm, '      ')}`);
  });
  const binaries = filesOf(worker.get('cpu')).filter((file) =>
    /onnxruntime-node\/bin\/.*\.(node|so|dylib|dll)\b/.test(file),
  );
  const native = `${process.platform}/${process.arch}`;
  expect(
    binaries.length > 0 && binaries.every((file) => file.includes(native)),
    `the worker image has ONNX Runtime for ${native} alone`,
  );
  if (flags.cuda) {
    const provider = join(worker.get('cuda').root, 'app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
    const isThere = existsSync(join(provider, 'libonnxruntime_providers_cuda.so'));
    expect(isThere, `worker:cuda has the CUDA provider, ${sizeOf(worker.get('cuda'))} (not started: it needs a GPU)`);
  }
} finally {
  await redis.stop();
  rmSync(work, { recursive: true, force: true });
}

/** Starts an image, does `meanwhile` while it runs, and stops it. */
async function check(name, image, environment, meanwhile = () => undefined) {
  const before = filesOf(image).join('\n');
  const started = await startImage(image, environment);
  await meanwhile();
  const code = await started.stop();
  expect(code === 0, `${name} starts, is healthy, and ends with 0 on SIGTERM; ${sizeOf(image)} beside node and system`);
  expect(filesOf(image).join('\n') === before, `${name} writes nothing into its own files`);
}

/** One picture from the API's image by the worker's, with a key that the API's image made. */
async function draw(apiUrl, api, settings) {
  const { key } = JSON.parse(zimage(api, settings, 'keys', 'create', '--tenant', 'images', '--json').stdout);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'wait=60' };
  const body = JSON.stringify({ prompt: 'red apple', model: 'z-image-nano-turbo' });
  const job = await (await fetch(`${apiUrl}/v1/generations`, { method: 'POST', headers, body })).json();
  const picture = job.state === 'succeeded' ? await fetch(job.images[0].url) : undefined;
  expect(picture?.status === 200, `the images draw a picture: ${job.state ?? JSON.stringify(job)}`);
}

function zimage({ root, workdir, env }, settings, ...args) {
  const options = { cwd: join(root, workdir), env: { PATH: process.env.PATH, ...env, ...settings }, encoding: 'utf8' };
  return spawnSync(process.execPath, ['dist/apps/cli/src/zimage.js', ...args], options);
}

function expect(holds, what) {
  if (!holds) throw new Error(`NOT SO: ${what}`);
  console.log(`ok  ${what}`);
}

function filesOf({ root, workdir }) {
  return readdirSync(join(root, workdir), { recursive: true }).map(String).sort();
}

function sizeOf({ root, workdir }) {
  const kibibytes = Number(execFileSync('du', ['-sk', join(root, workdir)], { encoding: 'utf8' }).split('\t')[0]);
  return `${Math.round(kibibytes / 1024)} MiB`;
}

/** As the compose file has it for the sender. */
function portCheck(variable) {
  const url = `\`http://127.0.0.1:\${process.env.${variable}}/healthz\``;
  return ['-e', `fetch(${url}).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`];
}
