/**
 * The Grafana dashboard as it looks under load, without a Grafana: the service as processes with the embedded models, a mixed
 * load on it, a real Prometheus that scrapes them, and every panel's queries drawn from what it has.
 *
 *   npm run build && node scripts/dashboard-picture.mjs [--minutes N] [--out FILE]     (5; docs/images/dashboard.png)
 */
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { freePort } from '../dist/apps/cli/src/embedded/port.js';
import { Fleet } from '../test/fleet/fleet.mjs';
import { Prometheus } from '../test/support/prometheus.mjs';
import { drawDashboard } from './dashboard/draw-dashboard.mjs';

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, out: { type: 'string', default: 'docs/images/dashboard.png' } },
});
const seconds = 60 * Number(flags.minutes);
if (!(seconds > 0)) throw new Error('--minutes: a number above 0');

const [worker, sender] = ['dist/apps/worker/src/main.js', 'dist/apps/api/src/sender.js'];
const senderPort = String(await freePort());
const fleet = await Fleet.start({
  workers: 0,
  environment: { MODELS_FILE: resolve('models/catalog.json'), THREADS: '1', LOG_LEVEL: 'fatal' },
  environmentOf: (entry) => (entry === sender ? { METRICS_PORT: senderPort } : {}),
});
// Of the endpoint's answers every tenth is an error, so that there is something to see of retries.
let hooks = 0;
const receiver = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(++hooks % 10 === 0 ? 503 : 204).end());
});
let prometheus;
try {
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const webhook = { url: `http://127.0.0.1:${receiver.address().port}/` };
  const workers = ['z-image-nano-turbo', 'z-image-nano-edit'].map((model) => ({ model, port: undefined }));
  for (const each of workers) {
    each.port = String(await freePort());
    await fleet.addWorker({ entry: worker, environment: { MODEL: each.model, METRICS_PORT: each.port } });
  }
  prometheus = await Prometheus.scraping({
    api: [new URL(fleet.url).host],
    sender: [`127.0.0.1:${senderPort}`],
    worker: workers.map(({ port }) => `127.0.0.1:${port}`),
  });
  const startS = Date.now() / 1000;
  const end = Date.now() + 1000 * seconds;

  // A steady stream of small jobs, a burst of them in the middle, larger ones of the other model, readers, and an accident.
  const clients = [
    steadily(2_500, (i) =>
      fleet.generate({ model: 'z-image-nano-turbo', prompt: 'red apple', steps: 4 + (i % 6), webhook }),
    ),
    steadily(6_000, (i) =>
      fleet.generate({ model: 'z-image-nano-edit', prompt: 'house', n: 1 + (i % 2), steps: 6, webhook }),
    ),
    steadily(1_500, () => fleet.get('/v1/jobs?limit=20')),
    steadily(9_000, () => fleet.post({ prompt: '' })),
    sleep(450 * seconds).then(() => Promise.all(Array.from({ length: 24 }, burst))),
    sleep(700 * seconds).then(() => execFileSync('pkill', ['-9', '-P', String(fleet.workers[0].pid)])),
  ];
  await Promise.all(clients);
  const svg = await drawDashboard(prometheus, { startS, endS: Date.now() / 1000, stepS: Math.max(1, seconds / 300) });
  await sharp(Buffer.from(svg)).png({ palette: true }).toFile(flags.out);
  console.log(`${flags.out}: ${flags.minutes} minutes, ${hooks} webhook attempts`);

  async function steadily(everyMs, act) {
    for (let i = 0; Date.now() < end; i++) {
      await act(i);
      await sleep(everyMs);
    }
  }

  function burst() {
    return fleet.generate({ model: 'z-image-nano-turbo', prompt: 'panda', steps: 12, webhook });
  }
} finally {
  await prometheus?.stop();
  await fleet.stop();
  receiver.close();
}
