import { setTimeout as sleep } from 'node:timers/promises';
import { fleetModel } from '../test/fleet/fleet.mjs';

const newJob = (tenant, webhook) => ({
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
export async function fill(store, count, tenants, webhook = null) {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await store.accept(newJob(`tenant-${i % tenants}`, webhook));
  };
  await Promise.all(Array.from({ length: 50 }, lane));
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
