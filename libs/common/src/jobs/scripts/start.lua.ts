import { prelude } from './prelude.lua.js';
import { Script } from './script.js';

/**
 * A fetched job begins, under a fence that only rises: a worker with an older fetch of the same job is shut out.
 *
 * KEYS: ofJob. ARGV: fence, worker. Returns [`started`, document] | [`refused`, state or `missing`].
 */
export const start = new Script(`${prelude}
local id, state, owner, canceledAt, deadline, tag, createdAt =
  fields('id', 'state', 'fence', 'cancelRequestedAt', 'deadlineAt', 'tag', 'createdAt')
if not state then return { 'refused', 'missing' } end
local fence = tonumber(ARGV[1])
if terminal[state] or fence <= tonumber(owner) then return { 'refused', state } end
if canceledAt then
  finish('canceled')
  return { 'refused', 'canceled' }
end
if deadline and tonumber(deadline) <= now then
  finish('expired')
  return { 'refused', 'expired' }
end

redis.call('HDEL', job, 'error')
redis.call('HSET', job, 'state', 'running', 'fence', fence, 'worker', ARGV[2])
if redis.call('HINCRBY', job, 'attempts', 1) == 1 then
  redis.call('HSET', job, 'startedAt', now, 'queueMs', now - tonumber(createdAt))
  announce('job.started')
end
local v = tonumber(redis.call('HGET', fair, 'v') or 0)
if tonumber(tag) > v then redis.call('HSET', fair, 'v', tag) end
redis.call('ZREM', unqueued, id)
emit('state', { state = 'running' })
return { 'started', document() }
`);
