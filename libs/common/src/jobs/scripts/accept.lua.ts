import { lastPlace } from '../fair-place.js';
import { JobScript } from './job-script.js';

/**
 * Writes the document `queued`, or nothing. Doing it again for an accepted id changes nothing.
 *
 * ARGV: id, tenant, flow, cost, share = places taken of its flow, jobs a tenant may have open, jobs that
 * may be open, deadline ('' for none), then the document's other fields and values, these too.
 * Returns [`exists` | `tenant_limit` | `queue_full`] | [`accepted`, start tag, base, time, the tenant's open jobs].
 */
export const accept = new JobScript(`
local id, tenant, flow, cost, share, deadline = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[8]
if doc.state then return { 'exists' } end
if tonumber(redis.call('HGET', tenants, tenant) or 0) >= tonumber(ARGV[6]) then return { 'tenant_limit' } end
local openCount = redis.call('ZCARD', open)
if openCount >= tonumber(ARGV[7]) then return { 'queue_full' } end

-- Start-time fair queueing: the start tag follows the flow's last finish tag, and is never behind the virtual time.
local v, base, finishTag = unpack(redis.call('HMGET', fair, 'v', 'base', flow))
v, base = tonumber(v or 0), tonumber(base or 0)
if openCount == 0 then
  base = math.floor(v)
  redis.call('HSET', fair, 'base', base)
end
local tag = math.max(v, tonumber(finishTag or 0))
if 1 + math.floor(tag - base) > ${lastPlace} then return { 'queue_full' } end
redis.call('HSET', fair, flow, string.format('%.17g', tag + tonumber(share)))
tag = string.format('%.17g', tag)

redis.call('HSET', job, 'flow', flow, 'share', share, 'tag', tag, 'createdAt', now, unpack(ARGV, 9))
redis.call('ZADD', tenantIndex, 0, id)
redis.call('ZADD', open, cost, id)
local openJobs = redis.call('HINCRBY', tenants, tenant, 1)
redis.call('INCRBYFLOAT', backlog, cost)
redis.call('ZADD', unqueued, now, id)
if deadline ~= '' then redis.call('ZADD', due, deadline, id) end
return { 'accepted', tag, tostring(base), now, openJobs }
`);
