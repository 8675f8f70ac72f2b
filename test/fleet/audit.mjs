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
  // Once: a listing for each of thousands of jobs takes minutes.
  const objects = countByJob(await fleet.objects());
  for (const id of ids) {
    const job = await fleet.document(id);
    if (!job.state) audit.lost += 1;
    else if (!terminal.has(job.state)) audit.stuck += 1;
    else {
      audit.states[job.state] = (audit.states[job.state] ?? 0) + 1;
      const ends = (await eventsOf(fleet, id)).filter(({ type }) => type === 'result').length;
      if (ends !== 1) audit.duplicated += 1;
      const stored = objects.get(id) ?? 0;
      const wanted = job.state === 'succeeded' ? JSON.parse(job.request).n : 0;
      if (stored > wanted && job.state === 'succeeded') audit.duplicated += 1;
      if (stored < wanted) audit.lost += 1;
    }
  }
  return audit;
}

function countByJob(keys) {
  const counts = new Map();
  for (const key of keys) {
    const id = /job_[^/]+/.exec(key)?.[0];
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
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

/** Ids of the jobs that a worker process has in hand, by their locks: those too that wait for room in its engine. */
export async function jobsOf({ redis }, pid) {
  const ids = await redis.lrange(`${prefix}:jobs:active`, 0, -1);
  const tokens = ids.length > 0 ? await redis.mget(ids.map((id) => `${prefix}:jobs:${id}:lock`)) : [];
  return ids.filter((_, i) => tokens[i]?.includes(`-${pid}-`));
}

/** When the first of these jobs ended after `sinceMs`; Infinity when none did. */
export async function firstEndAfter(fleet, ids, sinceMs) {
  const events = (await Promise.all(ids.map((id) => eventsOf(fleet, id)))).flat();
  return Math.min(...events.filter(({ atMs, type }) => atMs > sinceMs && type === 'result').map(({ atMs }) => atMs));
}

/** How long after `sinceMs` each job began again; a job that ended without is left out. */
export async function restartsAfter(fleet, ids, sinceMs) {
  const waits = await Promise.all(ids.map(async (id) => (await startsOf(fleet, id)).find((atMs) => atMs > sinceMs)));
  return waits.filter((atMs) => atMs !== undefined).map((atMs) => atMs - sinceMs);
}

/**
 * How long after each kill the jobs that it orphaned were in a worker's hands again: they ran, or the next kill met them there.
 * @param {{ ids: string[]; atMs: number }[]} kills in order, with the jobs that the killed worker had in hand
 */
export async function recoveriesAfter(fleet, kills) {
  const waits = kills.map(({ ids, atMs }, i) =>
    ids.map(async (id) => {
      const nextKill = kills.slice(i + 1).find((kill) => kill.ids.includes(id));
      const starts = [...(await startsOf(fleet, id)), ...(nextKill ? [nextKill.atMs] : [])];
      return starts.toSorted((a, b) => a - b).find((at) => at > atMs);
    }),
  );
  const found = await Promise.all(waits.map((group) => Promise.all(group)));
  return found.flatMap((group, i) => group.filter((at) => at !== undefined).map((at) => at - kills[i].atMs));
}

async function startsOf(fleet, id) {
  const events = await eventsOf(fleet, id);
  return events.filter(({ type, data }) => type === 'state' && data.state === 'running').map(({ atMs }) => atMs);
}
