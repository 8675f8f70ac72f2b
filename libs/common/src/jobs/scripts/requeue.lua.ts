import { JobScript } from './job-script.js';

/**
 * An open job that BullMQ does not know goes back to the janitor's list of jobs to add.
 *
 * Returns 1 when the job was lost.
 */
export const requeue = new JobScript(`
if not doc.state or terminal[doc.state] or redis.call('EXISTS', queued) == 1 then return 0 end
if redis.call('ZSCORE', unqueued, doc.id) then return 0 end
if doc.state == 'running' then
  redis.call('HSET', job, 'state', 'queued')
  emit('state', { state = 'queued' })
end
redis.call('ZADD', unqueued, now, doc.id)
return 1
`);
