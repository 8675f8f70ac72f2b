import { Script } from '../jobs/scripts/script.js';

/** KEYS: log. ARGV: attempt as JSON, attempts to keep, life in ms. One call, because there is one for each webhook. */
export const logAttempt = new Script(`
if redis.call('RPUSH', KEYS[1], ARGV[1]) > tonumber(ARGV[2]) then redis.call('LPOP', KEYS[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`);
