import { Script } from '../jobs/scripts/script.js';

/** KEYS: tenant. ARGV: end of the overlap in ms, then fields and their new values. The old ones move to `previous_…`. */
export const rotateSecrets = new Script(`
redis.call('HSET', KEYS[1], 'webhook_rotation_until', ARGV[1])
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old then redis.call('HSET', KEYS[1], 'previous_' .. ARGV[i], old) end
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
`);
