import { JobScript } from './job-script.js';

/**
 * The engine host died with this job in it. The run that follows is charged to the job's flow.
 *
 * ARGV: fence. Returns the job's crashes so far.
 */
export const countCrash = new JobScript(`
if not runsUnder(ARGV[1]) then return tonumber(doc.crashes or 0) end
if redis.call('HEXISTS', fair, doc.flow) == 1 then redis.call('HINCRBYFLOAT', fair, doc.flow, doc.share) end
return redis.call('HINCRBY', job, 'crashes', 1)
`);
