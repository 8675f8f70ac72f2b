/**
 * What a job costs Redis' CPU while Redis has always more to do: the whole of a job's life, and BullMQ's share of it alone. One
 * process drives it as fast as it can, with fifty jobs in flight, in turns with the other.
 */
import { performance } from 'node:perf_hooks';
import { DeliverySender } from '../dist/apps/api/src/sender/delivery.js';
import { FirstAttempts } from '../dist/apps/api/src/sender/first-attempts.js';
import { OutboxPump } from '../dist/apps/api/src/sender/outbox-pump.js';
import { repeat } from '../dist/apps/api/src/sender/repeat.js';
import { WebhookSender } from '../dist/apps/api/src/sender/webhook-sender.js';
import { JobStore } from '../dist/libs/common/src/jobs/job-store.js';
import { ModelKeys } from '../dist/libs/common/src/jobs/model-keys.js';
import { workerConnection } from '../dist/libs/common/src/queue/connection.js';
import { DeliveryQueue } from '../dist/libs/common/src/queue/delivery-queue.js';
import { JobSource } from '../dist/libs/common/src/queue/job-source.js';
import { ModelQueues } from '../dist/libs/common/src/queue/model-queue.js';
import { DeliveryLog } from '../dist/libs/common/src/webhooks/delivery-log.js';
import { DisabledEndpoints } from '../dist/libs/common/src/webhooks/disabled-endpoints.js';
import { WebhookSecrets } from '../dist/libs/common/src/webhooks/webhook-secrets.js';
import { fleetModel } from '../test/fleet/fleet.mjs';
import { fiftyAtATime, newJob, openRedis, redisUse, until } from './queue-jobs.mjs';
import { median } from './results-file.mjs';

const image = { index: 0, seed: 42, width: 256, height: 256, format: 'png', bytes: 61_440, sha256: '0'.repeat(64) };

/** Added, fetched and completed with this service's options, and nothing else. */
async function bullAlone({ redis, source }) {
  const queues = new ModelQueues(redis);
  return {
    add: (i) => queues.add(fleetModel, { version: 1, id: `job-${i}`, tag: i, fenceBase: 0 }, 1 + i),
    run: (job) => source.complete(job),
    settled: () => undefined,
    close: () => queues.close(),
  };
}

/** With document, index, events, and a webhook with its log. Nothing is sent: HTTP would leave Redis with little to do. */
async function wholeLife({ redis, source, sending }) {
  const store = new JobStore(redis, { models: [fleetModel] });
  const deliveries = new DeliveryQueue(sending);
  const client = { send: () => Promise.resolve(204) };
  const urlOf = (key) => Promise.resolve({ url: `https://storage.example/${key}`, expiresAt: new Date() });
  const fail = (error) => {
    throw error;
  };
  const sender = new DeliverySender({
    jobs: new JobStore(sending, { models: [fleetModel] }),
    log: new DeliveryLog(sending),
    webhooks: new WebhookSender(client, new WebhookSecrets(sending), new DisabledEndpoints(sending), urlOf),
  });
  const firstAttempts = new FirstAttempts({ sender, deliveries, onError: fail });
  const pump = new OutboxPump(sending, fleetModel, { deliveries, firstAttempts, attempts: 8 });
  const closing = new AbortController();
  const pumping = repeat(50, closing.signal, () => pump.pump(), fail);
  const webhook = { url: 'https://receiver.example/', events: ['job.succeeded'] };
  const outbox = new ModelKeys(fleetModel).outbox;
  return {
    add: (i) => store.accept(newJob(`tenant-${i % 4}`, webhook)),
    async run(job) {
      const { tenant } = await store.get(job.id);
      await store.start(job.id, job.fence, 'bench');
      await store.progress(job.id, job.fence, 1, 1);
      const images = [{ ...image, key: `${tenant}/${job.id}/0.png` }];
      const batch = { max: 1, mean: 1 };
      await store.commit(job.id, job.fence, { state: 'succeeded', images, computeMs: 1, uploadMs: 1, batch });
      await source.complete(job);
    },
    settled: () => until(async () => (await redis.zcard(outbox)) === 0),
    async close() {
      closing.abort();
      await pumping;
      await firstAttempts.settled();
      await Promise.all([store.close(), deliveries.close()]);
    },
  };
}

/** Redis' use for each of that many jobs, and how many ended a second. */
async function use(openLife, count) {
  const server = await openRedis();
  const connections = Array.from({ length: 4 }, () => workerConnection(server.url));
  const [redis, fetching, sending, asking] = connections;
  const source = new JobSource(fetching, fleetModel, 'bench');
  await source.open();
  const life = await openLife({ redis, source, sending });
  const drive = async (jobs) => {
    const runs = new Set();
    const fetchAll = async () => {
      for (let i = 0; i < jobs; i++) {
        while (runs.size >= 50) await Promise.race(runs);
        const job = await source.next();
        const run = life.run(job).finally(() => runs.delete(run));
        runs.add(run);
      }
      await Promise.all(runs);
    };
    await Promise.all([fiftyAtATime(jobs, life.add), fetchAll()]);
    await life.settled();
  };
  await drive(200);
  const before = await redisUse(asking);
  const from = performance.now();
  await drive(count);
  const seconds = (performance.now() - from) / 1000;
  const after = await redisUse(asking);
  await source.drain();
  await source.close();
  await life.close();
  for (const connection of connections) connection.disconnect();
  await server.close();
  const cpuUs = (after.cpuUs - before.cpuUs) / count;
  return { cpuUs, busy: (cpuUs * count) / 1e6 / seconds, jobsPerSecond: count / seconds };
}

/** Medians of so many rounds in turns; `ratio` is the median of the rounds' ratios. */
export async function busyRedis(count, rounds) {
  const turns = [];
  for (let i = 0; i < rounds; i++)
    turns.push({ alone: await use(bullAlone, count), whole: await use(wholeLife, count) });
  const medians = (life) =>
    Object.fromEntries(
      ['cpuUs', 'busy', 'jobsPerSecond'].map((field) => [field, median(turns.map((turn) => turn[life][field]))]),
    );
  const ratio = median(turns.map(({ alone, whole }) => whole.cpuUs / alone.cpuUs));
  return { alone: medians('alone'), whole: medians('whole'), ratio };
}
