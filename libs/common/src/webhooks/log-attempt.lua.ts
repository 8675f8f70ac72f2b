import { Script } from '../jobs/scripts/script.js';

/**
 * One call, because there is one for each webhook.
 *
 * KEYS: log, outbox. ARGV: attempt as JSON, attempts to keep, life in ms, the outbox entry that is settled by it ('' for none).
 */
export const logAttempt = new Script(`
if redis.call('RPUSH', KEYS[1], ARGV[1]) > tonumber(ARGV[2]) then redis.call('LPOP', KEYS[1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('ZREM', KEYS[2], ARGV[4]) end
`);
