import { Script } from './script.js';

/**
 * Recounts the backlog from the open jobs (a sum of floats drifts) and drops the flows that the virtual time has passed.
 *
 * KEYS: open, backlog, fair. Returns the number of dropped flows.
 */
export const tidy = new Script(`
local open = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local units = 0
for i = 2, #open, 2 do units = units + tonumber(open[i]) end
redis.call('SET', KEYS[2], string.format('%.17g', units))

local tags = redis.call('HGETALL', KEYS[3])
local v = tonumber(redis.call('HGET', KEYS[3], 'v') or 0)
local dropped = 0
for i = 1, #tags, 2 do
  if tags[i] ~= 'v' and tags[i] ~= 'base' and tonumber(tags[i + 1]) <= v then
    redis.call('HDEL', KEYS[3], tags[i])
    dropped = dropped + 1
  end
end
return dropped
`);
