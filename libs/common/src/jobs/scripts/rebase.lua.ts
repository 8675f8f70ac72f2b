import { Script } from './script.js';

/**
 * Moves the base of the places up to the virtual time, once they lie further apart than the threshold. The marker says
 * for a while that jobs may stand at places counted from the old base.
 *
 * KEYS: fair, marker. ARGV: threshold, life of the marker in ms. Returns 1 while the marker stands.
 */
export const rebase = new Script(`
local v = tonumber(redis.call('HGET', KEYS[1], 'v') or 0)
local base = tonumber(redis.call('HGET', KEYS[1], 'base') or 0)
if v - base > tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'base', math.floor(v))
  redis.call('SET', KEYS[2], 1, 'PX', ARGV[2])
end
return redis.call('EXISTS', KEYS[2])
`);
