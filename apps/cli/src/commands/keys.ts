import { Command, InvalidArgumentError } from 'commander';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { KeyStore, type NewKey } from '@app/common/auth/key-store.js';
import { scopes, type Scope } from '@app/common/auth/scopes.js';
import { ServiceError } from '@app/common/errors.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';

/** There is no key with this id. */
export class KeyUnknown extends ServiceError {
  readonly code = 'key_unknown';
}

/** Redis, where the keys are, does not answer. */
export class RedisUnreachable extends ServiceError {
  readonly code = 'redis_unreachable';
  override readonly retryable = true;
}

type CreateOptions = NewKey & { json?: boolean; rate?: number; quota?: number; openJobs?: number };

/** `zimage keys create | list | revoke`, on the Redis at `redisUrl`. */
export function keysCommand(redisUrl: string | undefined): Command {
  const url = redisUrl ?? 'redis://127.0.0.1:6379';
  const keys = new Command('keys').description('API keys (in the Redis at REDIS_URL)');

  keys
    .command('create')
    .description('make a key; it is shown once')
    .requiredOption('--tenant <name>', 'whose jobs the key makes and sees')
    .option('--scopes <list>', `comma-separated: ${scopes.join(', ')} (default: generate,read)`, parseScopes)
    .option('--weight <number>', "the tenant's share among tenants (default: 1)", parseWeight)
    .option('--rate <number>', "the tenant's requests a minute (default: the API's)", parseWhole)
    .option('--quota <number>', "the tenant's GPU-seconds a day (default: the API's)", parsePositive)
    .option('--open-jobs <number>', "the tenant's open jobs of a model (default: the API's)", parseWhole)
    .option('--json', 'print JSON')
    .action(async ({ json, rate, quota, openJobs, ...who }: CreateOptions) => {
      const description = { ...who, limits: { requestsPerMinute: rate, gpuSecondsPerDay: quota, openJobs } };
      const made = await withRedis(url, async (redis) => {
        const { id, key, tenant, scopes } = await new KeyStore(redis).create(description);
        return { id, key, tenant, scopes, webhookSecret: await new WebhookSecrets(redis).current(tenant) };
      });
      print(json === true ? JSON.stringify(made) : table([made]));
    });

  keys
    .command('list')
    .description('keys that work now, without the keys themselves')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const stored = await withRedis(url, (redis) => new KeyStore(redis).list());
      const shown = stored.map(({ id, tenant, scopes, weight, limits, createdAt }) => ({
        id,
        tenant,
        scopes,
        weight,
        ...limits,
        createdAt: new Date(createdAt).toISOString(),
      }));
      print(json === true ? JSON.stringify(shown) : table(shown));
    });

  keys
    .command('revoke')
    .description('end a key at once')
    .argument('<id>', 'as `keys list` shows it: key_…')
    .action(async (id: string) => {
      const revoked = await withRedis(url, (redis) => new KeyStore(redis).revoke(id));
      if (!revoked) throw new KeyUnknown(`there is no key ${id}`);
      print(`revoked ${id}`);
    });

  return keys;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const table = (rows: readonly object[]): string =>
  rows
    .map((row) => Object.entries(row).map(([name, value]) => `${name}: ${String(value)}`))
    .map((fields) => fields.join('\n'))
    .join('\n\n');

function parseScopes(list: string): Scope[] {
  return list.split(',').map((name) => {
    const scope = scopes.find((known) => known === name.trim());
    if (scope === undefined) throw new InvalidArgumentError(`${name} is none of ${scopes.join(', ')}`);
    return scope;
  });
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

function parseWhole(text: string): number {
  if (!Number.isInteger(parsePositive(text))) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

function parseWeight(text: string): number {
  const weight = Number(text);
  if (!(weight > 0 && weight <= 1000)) throw new InvalidArgumentError('must be a number above 0, at most 1000');
  return weight;
}

/** Runs with a connection that fails rather than waits. Throws {@link RedisUnreachable}. */
async function withRedis<Result>(url: string, run: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: 3_000 });
  const failure = once(redis, 'error').then(([cause]: unknown[]): never => {
    const reason = cause instanceof Error && cause.message !== '' ? cause.message : 'no connection';
    throw new RedisUnreachable(`Redis at ${new URL(url).host} does not answer: ${reason}`, { cause });
  });
  try {
    return await Promise.race([run(redis), failure]);
  } finally {
    redis.disconnect();
  }
}
