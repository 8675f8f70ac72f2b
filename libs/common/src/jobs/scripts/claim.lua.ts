import { Script } from './script.js';

/**
 * Claims an idempotency key for a job id, or tells who has it. A claim that is older than `staleMs` is renewed, so that one
 * request at a time takes over from one that died before its job was accepted.
 *
 * KEYS: claim. ARGV: fingerprint, id, lifetime in ms, staleMs, 1 to take it from whoever has it. Returns [`new` | `held` | `stale` | `mismatch`, id].
 */
export const claim = new Script(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local fingerprint, id, at = unpack(redis.call('HMGET', KEYS[1], 'fingerprint', 'id', 'at'))
if not id or ARGV[5] == '1' then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'id', ARGV[2], 'at', now)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return { 'new', ARGV[2] }
end
if fingerprint ~= ARGV[1] then return { 'mismatch', id } end
if now - tonumber(at) < tonumber(ARGV[4]) then return { 'held', id } end
redis.call('HSET', KEYS[1], 'at', now)
return { 'stale', id }
`);
