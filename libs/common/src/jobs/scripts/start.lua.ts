import { prelude } from './prelude.lua.js';
import { Script } from './script.js';

/**
 * A fetched job begins, under a fence that only rises: a worker with an older fetch of the same job is shut out.
 *
 * KEYS: ofJob. ARGV: fence, worker. Returns [`started`, document] | [`refused`, state or `missing`].
 */
export const start = new Script(`${prelude}
local state = get('state')
if not state then return { 'refused', 'missing' } end
local fence = tonumber(ARGV[1])
if terminal[state] or fence <= number('fence') then return { 'refused', state } end
if get('cancelRequestedAt') then
  finish('canceled')
  return { 'refused', 'canceled' }
end
if pastDeadline() then
  finish('expired')
  return { 'refused', 'expired' }
end

redis.call('HSET', job, 'state', 'running', 'fence', fence, 'worker', ARGV[2])
if redis.call('HINCRBY', job, 'attempts', 1) == 1 then
  redis.call('HSET', job, 'startedAt', now, 'queueMs', now - number('createdAt'))
  announce('job.started')
end
local v = tonumber(redis.call('HGET', fair, 'v') or 0)
if number('tag') > v then redis.call('HSET', fair, 'v', get('tag')) end
redis.call('ZREM', unqueued, get('id'))
emit('state', { state = 'running' })
return { 'started', document() }
`);
