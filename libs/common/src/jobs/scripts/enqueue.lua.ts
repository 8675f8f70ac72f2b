import { JobScript } from './job-script.js';

/** More than BullMQ's record of a job is ever fetched. */
const fencesPerRecord = 1_000_000;

/**
 * What the janitor adds to BullMQ. It cannot know whether BullMQ had the job before and lost it, perhaps while a worker
 * held it, so the fences of every record that it makes lie above those of all earlier ones.
 *
 * ARGV: id. Returns [start tag, base, fence base] | [] when there is nothing to add.
 */
export const enqueue = new JobScript(`
if doc.state ~= 'queued' or redis.call('EXISTS', queued) == 1 then
  redis.call('ZREM', unqueued, ARGV[1])
  return {}
end
local fenceBase = redis.call('HINCRBY', job, 'fenceBase', ${fencesPerRecord})
return { doc.tag, redis.call('HGET', fair, 'base') or '0', tostring(fenceBase) }
`);
