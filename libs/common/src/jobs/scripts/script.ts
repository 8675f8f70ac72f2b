import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script, run by its hash and sent in full only where Redis does not know it yet. */
export class Script {
  private readonly sha1: string;

  constructor(private readonly lua: string) {
    this.sha1 = createHash('sha1').update(lua).digest('hex');
  }

  async run(redis: Redis, keys: string[], args: (string | number)[] = []): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return await redis.eval(this.lua, keys.length, ...keys, ...args);
    }
  }
}
