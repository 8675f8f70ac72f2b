import { endGraceMs } from './cancel.lua.js';
import { JobScript } from './job-script.js';

/**
 * What the janitor does to a job that is due. Queued past the deadline: expired. Running past it, or cancelled: its worker
 * has a grace period to say so itself, then the job ends without it, and its commit will be refused.
 *
 * ARGV: id. Returns the terminal state, or '' when the job goes on.
 */
export const settle = new JobScript(`
local id = ARGV[1]
if not doc.state or terminal[doc.state] then
  redis.call('ZREM', due, id)
  return ''
end

local verdict, at
local canceledAt, deadline = tonumber(doc.cancelRequestedAt), tonumber(doc.deadlineAt)
if canceledAt then
  verdict, at = 'canceled', canceledAt
elseif deadline then
  verdict, at = 'expired', deadline
else
  redis.call('ZREM', due, id)
  return ''
end
if doc.state == 'running' then at = at + ${endGraceMs} end
if now < at then
  redis.call('ZADD', due, at, id)
  return ''
end
finish(verdict)
return verdict
`);
