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

  it('gives a key limits of its own, which the API holds it to', async () => {
    const limits = ['--rate', '3', '--quota', '0.5', '--open-jobs', '1'];
    const printed = await run(redis.url, 'create', '--tenant', 'bounded', ...limits, '--json');
    const { id, key } = JSON.parse(printed) as { id: string; key: string };
    const listed = JSON.parse(await run(redis.url, 'list', '--json')) as { id: string }[];
    expect(listed.find((each) => each.id === id)).toMatchObject({
      requestsPerMinute: 3,
      gpuSecondsPerDay: 0.5,
      openJobs: 1,
    });
    expect(await run(redis.url, 'list')).toContain('gpuSecondsPerDay: 0.5');

    const api = await TestApi.start(redis.url);
    try {
      const codes: unknown[] = [];
      // 1.8 GPU-seconds, then two of 0.03, then one above the rate.
      for (const steps of [50, 1, 1, 1]) {
        const { status, json } = await api.post(key, {
          prompt: 'x',
          steps,
          size: steps === 50 ? '1024x512' : '256x256',
        });
        codes.push(status === 202 ? 'accepted' : (json as { code: string }).code);
      }
      expect(codes).toEqual(['quota_exceeded', 'accepted', 'tenant_limit_reached', 'rate_limited']);
    } finally {
      await api.stop();
    }
  });

  it.each([
    ['--rate', '1.5', 'whole number'],
    ['--rate', '0', 'above 0'],
    ['--quota', '-1', 'above 0'],
    ['--open-jobs', 'many', 'above 0'],
  ])('refuses %s %s', async (option, value, message) => {
    const command = keysCommand(redis.url);
    for (const each of [command, ...command.commands])
      each.exitOverride().configureOutput({ writeErr: () => undefined });
    const args = ['create', '--tenant', 'refused', option, value];
    await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow(message);
    expect(await run(redis.url, 'list')).not.toContain('refused');
  });

  it('says what is wrong', async () => {
    await expect(run(redis.url, 'revoke', 'key_none')).rejects.toThrow(KeyUnknown);
    await expect(run(redis.url, 'create', '--tenant', 'a b')).rejects.toThrow('tenant');
    await expect(run('redis://127.0.0.1:1', 'list')).rejects.toThrow(RedisUnreachable);
  });
});
