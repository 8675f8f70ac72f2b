import { JobScript } from './job-script.js';

/**
 * A fetched job begins, under a fence that only rises: a worker with an older fetch of the same job is shut out.
 *
 * ARGV: fence, worker. Returns [`started`, ms in the queue at the first start] | [`refused`, state or `missing`].
 */
export const start = new JobScript(`
if not doc.state then return { 'refused', 'missing' } end
local fence = tonumber(ARGV[1])
if terminal[doc.state] or fence <= tonumber(doc.fence or 0) then return { 'refused', doc.state } end
if doc.cancelRequestedAt then
  finish('canceled')
  return { 'refused', 'canceled' }
end
if doc.deadlineAt and tonumber(doc.deadlineAt) <= now then
  finish('expired')
  return { 'refused', 'expired' }
end

if doc.error then redis.call('HDEL', job, 'error') end
local running = { 'state', 'running', 'fence', fence, 'worker', ARGV[2], 'attempts', (doc.attempts or 0) + 1 }
local queueMs = now - doc.createdAt
if doc.attempts then
  -- Steps of a run whose worker was lost are made anew.
  redis.call('HDEL', job, 'step')
  redis.call('HSET', job, unpack(running))
  queueMs = tonumber(redis.call('HGET', job, 'queueMs'))
else
  redis.call('HSET', job, 'startedAt', now, 'queueMs', queueMs, unpack(running))
  announce('job.started')
end
local v = tonumber(redis.call('HGET', fair, 'v') or 0)
if tonumber(doc.tag) > v then redis.call('HSET', fair, 'v', doc.tag) end
redis.call('ZREM', unqueued, doc.id)
emit('state', { state = 'running' })
return { 'started', queueMs }
`);
