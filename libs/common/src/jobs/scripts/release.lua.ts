import { JobScript } from './job-script.js';

/**
 * A worker hands a running job back. One that was to be cancelled ends here, since nobody runs it any more.
 *
 * ARGV: fence. Returns 1, or 0 when the fetch does not own the job.
 */
export const release = new JobScript(`
if not runsUnder(ARGV[1]) then return 0 end
if doc.cancelRequestedAt then
  finish('canceled')
  return 1
end
redis.call('HSET', job, 'state', 'queued')
redis.call('HDEL', job, 'worker', 'step')
emit('state', { state = 'queued' })
return 1
`);
