import { JobScript } from './job-script.js';

/** ARGV: fence, step, steps. Returns 1, or 0 when the fetch does not own the job. */
export const progress = new JobScript(`
if not runsUnder(ARGV[1]) then return 0 end
redis.call('HSET', job, 'step', ARGV[2])
emit('progress', { step = tonumber(ARGV[2]), steps = tonumber(ARGV[3]) })
announce('job.progress', '.' .. ARGV[2])
return 1
`);
