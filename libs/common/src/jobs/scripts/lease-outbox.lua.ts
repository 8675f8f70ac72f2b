import { Script } from './script.js';

/**
 * Leases due outbox entries: they come again after the lease unless the sender removes them.
 *
 * KEYS: outbox. ARGV: entries at most, lease in ms. Returns the entries.
 */
export const leaseOutbox = new Script(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local entries = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
if #entries == 0 then return entries end
local leased = {}
for i, entry in ipairs(entries) do
  leased[2 * i - 1], leased[2 * i] = now + tonumber(ARGV[2]), entry
end
redis.call('ZADD', KEYS[1], 'XX', unpack(leased))
return entries
`);
