import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { ModelKeys } from '../model-keys.js';
import { JobScript } from './job-script.js';

const keys = new ModelKeys('turbo').ofJob('job_1_turbo');

/** What Redis is asked to run. */
async function sent(body: string): Promise<{ lua: string; keys: string[]; args: string[] }> {
  let call: string[] = [];
  const redis = {
    evalsha: () => Promise.reject(new Error('NOSCRIPT')),
    eval: (...given: string[]) => Promise.resolve(void (call = given)),
  };
  await new JobScript(body).run(redis as unknown as Redis, keys, ['a']);
  const [lua = '', count = 0, ...rest] = call;
  return { lua, keys: rest.slice(0, Number(count)), args: rest.slice(Number(count)) };
}

describe('JobScript', () => {
  it('sends the keys that the script names, and no others', async () => {
    const script = await sent("return redis.call('ZADD', due, 1, ARGV[1])");
    expect(script).toMatchObject({ keys: [keys.due], args: ['a'] });
    expect(script.lua).toMatch(/^local due = unpack\(KEYS\)\n/);
  });

  it('reads the fields that the script names, once each', async () => {
    const { lua, keys: given } = await sent("if doc.state == 'queued' and doc.fence then return doc.state end");
    expect(given).toEqual([keys.job]);
    expect(lua).toContain("redis.call('HMGET', job, 'state', 'fence')");
  });

  it('has the parts that the script names, with what those need, before it', async () => {
    const { lua, keys: given } = await sent("announce('job.started')");
    expect(given).toEqual([keys.job, keys.outbox]);
    expect(lua.indexOf('local now')).toBeGreaterThan(0);
    expect(lua.indexOf('local function announce')).toBeGreaterThan(lua.indexOf('local now'));
    expect(lua).not.toContain('finish');
  });

  it('takes no word of a comment or a text for a name', async () => {
    expect((await sent("-- finish the open job\nreturn 'due'")).keys).toEqual([]);
  });

  it('refuses to run without a key that it names', async () => {
    await expect(sent("redis.call('ZADD', tenantIndex, 0, ARGV[1])")).rejects.toThrow(
      'the script needs the key tenantIndex',
    );
  });
});
