/**
 * The oracle of the fault suite: every accepted job reached exactly one terminal state, every succeeded one has its objects
 * and no other, and nothing of them is left in the queue.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetModel } from './fleet.mjs';

const prefix = `{zq:${fleetModel}}`;
const terminal = new Set(['succeeded', 'failed', 'canceled', 'expired']);

/** Waits until the jobs are over and the queue is empty, or the time is up; then counts what is wrong. */
export async function auditFleet(fleet, ids, timeoutMs = 150_000) {
  const end = Date.now() + timeoutMs;
  while ((await openThings(fleet)) > 0 && Date.now() < end) await sleep(100);
  const audit = { jobs: ids.length, lost: 0, duplicated: 0, stuck: await openThings(fleet), states: {} };
  for (const id of ids) {
    const job = await fleet.document(id);
    if (!job.state) audit.lost += 1;
    else if (!terminal.has(job.state)) audit.stuck += 1;
    else {
      audit.states[job.state] = (audit.states[job.state] ?? 0) + 1;
      const ends = (await eventsOf(fleet, id)).filter(({ type }) => type === 'result').length;
      if (ends !== 1) audit.duplicated += 1;
      const objects = (await fleet.objects(id)).length;
      const wanted = job.state === 'succeeded' ? JSON.parse(job.request).n : 0;
      if (objects > wanted && job.state === 'succeeded') audit.duplicated += 1;
      if (objects < wanted) audit.lost += 1;
    }
  }
  return audit;
}

/** Open documents, jobs that wait to be added, and jobs that BullMQ still has. */
async function openThings({ redis }) {
  const counts = await Promise.all([
    redis.zcard(`${prefix}:open`),
    redis.zcard(`${prefix}:unqueued`),
    redis.zcard(`${prefix}:jobs:prioritized`),
    redis.llen(`${prefix}:jobs:wait`),
    redis.llen(`${prefix}:jobs:active`),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What happened to a job, with Redis' time in ms. */
export async function eventsOf({ redis }, id) {
  const entries = await redis.xrange(`${prefix}:events:${id}`, '-', '+');
  return entries.map(([at, [, type, , data]]) => ({ atMs: Number(at.split('-')[0]), type, data: JSON.parse(data) }));
}

/** Ids of the jobs that run under a worker's process id. */
export async function jobsOf(fleet, pid, ids) {
  const documents = await Promise.all(ids.map((id) => fleet.document(id)));
  return ids.filter((_, i) => documents[i].state === 'running' && documents[i].worker?.includes(`-${pid}-`));
}

/** How long after `sinceMs` each job began again; a job that ended without is left out. */
export async function restartsAfter(fleet, ids, sinceMs) {
  const waits = [];
  for (const id of ids) {
    const again = (await eventsOf(fleet, id)).find(
      ({ atMs, type, data }) => atMs > sinceMs && type === 'state' && data.state === 'running',
    );
    if (again) waits.push(again.atMs - sinceMs);
  }
  return waits;
}
