import { JobScript } from './job-script.js';

/**
 * Says in the document why a queued job does not start: the worker that fetched it cannot read its payload. The next start
 * takes that back.
 *
 * ARGV: error as JSON. Returns 1, or 0 when the job is not queued.
 */
export const putAside = new JobScript(`
if doc.state ~= 'queued' then return 0 end
redis.call('HSET', job, 'error', ARGV[1])
return 1
`);
