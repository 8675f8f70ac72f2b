import { Script } from './script.js';

/** KEYS: claim. ARGV: the id it must stand for. */
export const unclaim = new Script(`
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('DEL', KEYS[1]) end
`);
