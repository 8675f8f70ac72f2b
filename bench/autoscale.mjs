/**
 * Workers scaled by backlog against a fixed number of them, in a simulation of KEDA and the HPA over two days; finds the
 * targetValue that the manifests carry (test/deploy/autoscale.spec.ts compares). Run by `npm run bench:autoscale`; writes its
 * section of bench/RESULTS.md.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseAllDocuments } from 'yaml';
import { startRedis } from '../dist/apps/cli/src/embedded/redis-server.js';
import { cheapest, chooseTarget, coldStartS, fixedReplicas, imageSeconds } from './autoscale/choose-target.mjs';
import { readScaling } from './autoscale/scaler.mjs';
import { median, percentile, writeSection } from './results-file.mjs';

const [scaledObject] = parseAllDocuments(readFileSync('k8s/worker/scaling.yaml', 'utf8'));
const scaling = readScaling(scaledObject.toJS().spec);
const models = [
  ...catalog('k8s/overlays/gpu/catalog.json', coldStartS.gpu),
  ...catalog('models/catalog.json', coldStartS.cpu),
].map((model) => ({ ...model, ...chooseTarget({ scaling, ...model }), fixed: fixedReplicas(model) }));
const nanoStartS = await workerStartSeconds('z-image-nano-turbo');

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const seconds = (value) => (value < 9.95 ? value.toFixed(1) : value.toFixed(0));
const dayCells = ({ waitsS, gpuHours }) => [
  seconds(percentile(waitsS, 0.5)),
  seconds(percentile(waitsS, 0.95)),
  gpuHours.toFixed(1),
];
const dayHead = ['office: wait p50, s', 'p95, s', 'GPU-hours', 'bursts: wait p50, s', 'p95, s', 'GPU-hours', 'cost'];
const cellsOf = ({ office, bursts, cost }) => [...dayCells(office), ...dayCells(bursts), cost.toFixed(0)];
const first = models[0];
const chosen = first.scaled.find(({ targetGpuSeconds }) => targetGpuSeconds === first.target);

writeSection(
  'autoscale',
  `## Scaling by backlog (simulation)

Two days of jobs (70 % of one image, 15 % of two, 15 % of four): office hours, rising from nothing to four workers' worth and back, and bursts of 50–500 jobs within two minutes, one an hour on average. KEDA and HPA with the settings of \`k8s/worker/scaling.yaml\`, none to ${scaling.maxReplicas} workers; a worker does one GPU-second a second, first come, first served. From pod to first job: ${coldStartS.gpu} s with the 6B weights, **an input of the simulation and not measured** (30 s for node and image, 20.5 GB at 100 MB/s, 5 s to warm up; with others, change \`coldStartS\` in \`bench/autoscale/choose-target.mjs\`), ${coldStartS.cpu} s with nano ones (8 s stated, and the worker's own start: ${nanoStartS.toFixed(1)} s here, median of 5). Cost: GPU-hours, with ten jobs that wait an hour as bad as a GPU held for one. The cheapest target is the one in the manifests.

${first.name}, a job of ${(first.imageSeconds * 1.6).toFixed(1)} GPU-seconds on average:

${table(
  ['workers', ...dayHead],
  [
    ...first.fixed.map((each) => [`${each.replicas}, always`, ...cellsOf(each)]),
    ...first.scaled.map((each) => [
      each === chosen ? `**target ${each.targetGpuSeconds} s**` : `target ${each.targetGpuSeconds} s`,
      ...cellsOf(each),
    ]),
  ],
)}

The best of each model:

${table(
  ['model', 'GPU-s an image', 'workers', ...dayHead],
  models.flatMap(({ name, imageSeconds: each, target, scaled, fixed }) => [
    [name, each.toFixed(2), `target ${target} s`, ...cellsOf(scaled.find((one) => one.targetGpuSeconds === target))],
    ['', '', `${cheapest(fixed).replicas}, always`, ...cellsOf(cheapest(fixed))],
  ]),
)}

- The right target grows with the work of a job: some three to five jobs a worker with the 6B weights, more where a start is short. A larger one lets a queue build up that needs more workers than the load does, ${coldStartS.gpu} s later: they swing, and cost more for longer waits.
- In bursts a wait is a cold start, whatever the target. Who cannot have that keeps \`minReplicaCount: 1\`.
- Pods told to end while they work hold their GPUs for ${(chosen.office.drainHours + chosen.bursts.drainHours).toFixed(2)} of ${(chosen.office.gpuHours + chosen.bursts.gpuHours).toFixed(0)} GPU-hours: all that a better choice of the pod to end could save.`,
);

function catalog(file, coldStart) {
  const { models: entries } = JSON.parse(readFileSync(file, 'utf8'));
  return entries.map((entry) => ({ name: entry.name, imageSeconds: imageSeconds(entry), coldStartS: coldStart }));
}

/** From the start of a worker's process to its readiness: checkpoint opened, warm-up image made, step timed. */
async function workerStartSeconds(model) {
  const folder = mkdtempSync(join(tmpdir(), 'zimage-autoscale-'));
  const redis = await startRedis({ root: resolve('.'), dataDir: folder });
  const env = {
    ...process.env,
    MODEL: model,
    REDIS_URL: redis.url,
    STORAGE_URL: `file://${folder}/files`,
    PUBLIC_URL: 'http://127.0.0.1:3000',
    URL_SIGNING_KEY: 'k'.repeat(32),
    LOG_LEVEL: 'error',
  };
  const samples = [];
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    const worker = fork('dist/apps/worker/src/main.js', { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(worker, 'message');
    samples.push((performance.now() - startedAt) / 1000);
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
  return median(samples);
}
