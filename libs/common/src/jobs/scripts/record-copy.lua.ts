import { Script } from './script.js';

/** KEYS: job. ARGV: field, value. A plain HSET would bring a document that has expired back to life, for ever. */
export const recordCopy = new Script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`);
