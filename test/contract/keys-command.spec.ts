import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keysCommand, KeyUnknown, RedisUnreachable } from '../../apps/cli/src/commands/keys.js';
import { TestApi } from '../support/api.js';
import { testRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;

beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.stop());

/** What the command prints on stdout. */
async function run(url: string, ...args: string[]): Promise<string> {
  let printed = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text.toString();
    return true;
  });
  try {
    await keysCommand(url).parseAsync(args, { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return printed;
}

describe('zimage keys', () => {
  it('makes a key that works, lists it without showing it again, and ends it', async () => {
    const printed = await run(redis.url, 'create', '--tenant', 'acme', '--scopes', 'read', '--weight', '2', '--json');
    expect(printed.trim().split('\n')).toHaveLength(1);
    const made = JSON.parse(printed) as { id: string; key: string };
    expect(made).toEqual({
      id: expect.stringMatching(/^key_/),
      key: expect.stringMatching(/^zq_/),
      tenant: 'acme',
      scopes: ['read'],
      webhookSecret: expect.stringMatching(/^whsec_/),
    });

    const api = await TestApi.start(redis.url);
    try {
      const statusOf = async () => (await api.call('/v1/jobs', { key: made.key })).status;
      expect(await statusOf()).toBe(200);
      const listed = await run(redis.url, 'list', '--json');
      expect(JSON.parse(listed)).toEqual([expect.objectContaining({ id: made.id, tenant: 'acme', weight: 2 })]);
      expect(listed).not.toContain(made.key);
      expect(await run(redis.url, 'revoke', made.id)).toContain(made.id);
      expect(await statusOf()).toBe(401);
    } finally {
      await api.stop();
    }
  });

  it('says what is wrong', async () => {
    await expect(run(redis.url, 'revoke', 'key_none')).rejects.toThrow(KeyUnknown);
    await expect(run(redis.url, 'create', '--tenant', 'a b')).rejects.toThrow('tenant');
    await expect(run('redis://127.0.0.1:1', 'list')).rejects.toThrow(RedisUnreachable);
  });
});
