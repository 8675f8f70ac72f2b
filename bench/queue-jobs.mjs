import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../dist/apps/cli/src/embedded/redis-server.js';
import { fleetModel } from '../test/fleet/fleet.mjs';

export const newJob = (tenant, webhook) => ({
  tenant,
  kind: 'generation',
  model: fleetModel,
  request: {
    prompt: 'red apple',
    negative_prompt: null,
    width: 256,
    height: 256,
    steps: 1,
    guidance_scale: 0,
    cfg_normalization: false,
    cfg_truncation: 1,
    seed: 42,
    n: 1,
    output: { format: 'png', embed_parameters: false },
    batch: true,
    preview_every: 0,
  },
  priority: 'normal',
  weight: 1,
  cost: 0.05,
  metadata: {},
  webhook,
  putUrls: [],
  deadlineAt: null,
  caps: { tenantJobs: 1e9, queueJobs: 1e9 },
});

/** Accepts that many jobs, 50 at a time, over `tenants` tenants. */
export const fill = (store, count, tenants, webhook = null) =>
  fiftyAtATime(count, (i) => store.accept(newJob(`tenant-${i % tenants}`, webhook)));

/** Calls `run` with 0 … count - 1, fifty calls in flight. */
export async function fiftyAtATime(count, run) {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await run(i);
  };
  await Promise.all(Array.from({ length: 50 }, lane));
}

/** A Redis of one's own, with an append-only file as in production. */
export async function openRedis() {
  const dataDir = mkdtempSync(join(tmpdir(), 'zimage-bench-'));
  const root = fileURLToPath(new URL('..', import.meta.url));
  const server = await startRedis({ root, dataDir, appendfsync: 'everysec' });
  const close = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true });
  };
  return { url: server.url, close };
}

/** A receiver on this machine that takes every webhook. */
export async function openReceiver() {
  const receiver = { count: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      receiver.count += 1;
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${server.address().port}/`;
  receiver.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return receiver;
}

/** What Redis has used since it was started: CPU in µs, commands (those of scripts too), bytes in and out. */
export async function redisUse(redis) {
  const info = await redis.info();
  const value = (field) => Number(new RegExp(`^${field}:([0-9.]+)`, 'm').exec(info)[1]);
  return {
    cpuUs: 1e6 * (value('used_cpu_user') + value('used_cpu_sys')),
    commands: value('total_commands_processed'),
    bytes: value('total_net_input_bytes') + value('total_net_output_bytes'),
    memoryBytes: value('used_memory'),
  };
}

export async function until(holds) {
  while (!(await holds())) await sleep(20);
}
