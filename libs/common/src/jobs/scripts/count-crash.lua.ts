import { prelude } from './prelude.lua.js';
import { Script } from './script.js';

/**
 * The engine host died with this job in it. The run that follows is charged to the job's flow.
 *
 * KEYS: ofJob. ARGV: fence. Returns the job's crashes so far.
 */
export const countCrash = new Script(`${prelude}
if get('state') ~= 'running' or number('fence') ~= tonumber(ARGV[1]) then return number('crashes') or 0 end
local flow = get('flow')
if redis.call('HEXISTS', fair, flow) == 1 then redis.call('HINCRBYFLOAT', fair, flow, get('share')) end
return redis.call('HINCRBY', job, 'crashes', 1)
`);
