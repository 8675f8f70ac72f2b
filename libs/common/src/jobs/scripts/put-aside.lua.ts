import { prelude } from './prelude.lua.js';
import { Script } from './script.js';

/**
 * Says in the document why a queued job does not start: the worker that fetched it cannot read its payload. The next start
 * takes that back.
 *
 * KEYS: ofJob. ARGV: error as JSON. Returns 1, or 0 when the job is not queued.
 */
export const putAside = new Script(`${prelude}
if doc.state ~= 'queued' then return 0 end
redis.call('HSET', job, 'error', ARGV[1])
return 1
`);
