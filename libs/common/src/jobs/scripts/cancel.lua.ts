import { JobScript } from './job-script.js';

/** How long a worker may take to end a job that was cancelled or is past its deadline, before the janitor ends it. */
export const endGraceMs = 15_000;

/**
 * Queued: canceled at once. Running: flagged, and its worker told; the janitor ends it if no worker does.
 *
 * Returns [`missing`] | [`terminal` | `canceled` | `requested`, document].
 */
export const cancel = new JobScript(`
if not doc.state then return { 'missing' } end
if terminal[doc.state] then return { 'terminal', document() } end
-- A queued job may be in a worker's hands too, waiting for room.
redis.call('PUBLISH', cancels, doc.id)
if doc.state == 'queued' then
  finish('canceled')
  return { 'canceled', document() }
end
if redis.call('HSETNX', job, 'cancelRequestedAt', now) == 1 then
  redis.call('ZADD', due, 'LT', now + ${endGraceMs}, doc.id)
end
return { 'requested', document() }
`);
