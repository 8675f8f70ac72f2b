import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
  type LifecycleRule,
} from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '@app/common/config/parse-config.js';
import { StorageUnavailable } from '@app/common/storage/object-storage.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { doctorCommand } from '../../apps/cli/src/commands/doctor.js';
import { checkRedis } from '../../apps/cli/src/doctor/check-redis.js';
import { checkStorage } from '../../apps/cli/src/doctor/check-storage.js';
import type { Finding } from '../../apps/cli/src/doctor/finding.js';
import { signingKey, TestApi } from '../support/api.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { testRedis, type TestRedis } from '../support/redis.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';

let folder: string;
let redis: TestRedis;
let s3: S3Server;
let admin: Redis;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zimage-doctor-'));
  [redis, s3] = await Promise.all([testRedis(), startS3Server()]);
  admin = new Redis(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await Promise.all([redis.stop(), s3.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const wholeBucket: LifecycleRule = { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 14 } };
const s3Client = (): S3Client => {
  const endpoint = new URL(s3.storageUrl).searchParams.get('endpoint')!;
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
};
/** The lifecycle rules of the bucket. */
async function setRules(Rules: LifecycleRule[]): Promise<void> {
  const client = s3Client();
  const LifecycleConfiguration = { Rules };
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: 'images', LifecycleConfiguration }));
  client.destroy();
}

/** What the command prints, and the exit code that it leaves. */
async function run(environment: Record<string, string>, ...flags: string[]) {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await doctorCommand(environment).parseAsync(['--data', folder, ...flags], { from: 'user' });
    return { printed: write.mock.calls.map(([text]) => String(text)).join(''), exitCode: process.exitCode };
  } finally {
    write.mockRestore();
    process.exitCode = before;
  }
}

async function examine(environment: Record<string, string>): Promise<{ ok: boolean; findings: Finding[] }> {
  return JSON.parse((await run(environment, '--json')).printed) as { ok: boolean; findings: Finding[] };
}

const found = (findings: readonly Finding[], check: string): Finding | undefined =>
  findings.find((finding) => finding.check === check);

describe('zimage doctor', () => {
  it('finds nothing wrong with a machine that can serve, and says what it tried', async () => {
    await setRules([wholeBucket]);
    const { ok, findings } = await examine({ REDIS_URL: redis.url, STORAGE_URL: s3.storageUrl });
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(ok).toBe(true);
    expect(findings.map(({ check }) => check)).toEqual([
      'node',
      'redis',
      'redis policy',
      'redis persistence',
      'clock redis',
      'storage write',
      'storage if-none-match',
      'storage read',
      'storage signed url',
      'clock storage',
      'storage privacy',
      'storage upload url',
      'storage delete',
      'storage expiry',
      'provider cpu',
      'model z-image-nano-turbo',
      'model z-image-nano',
      'model z-image-nano-edit',
      'memory',
      'disk temporary',
    ]);
  });

  it('looks at the embedded mode when nothing is set', async () => {
    const { ok, findings } = await examine({});
    expect(ok).toBe(true);
    expect(found(findings, 'redis')?.message).toContain('`serve` starts its own');
    expect(found(findings, 'disk storage')?.message).toContain(folder);
  });

  it('prints every fault with the way to mend it, and ends with 1', async () => {
    const { printed, exitCode } = await run({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(printed).toMatch(/^fail {2}redis +no Redis answers at 127\.0\.0\.1:1/m);
    expect(printed).toMatch(/^ +→ start Redis, or set REDIS_URL/m);
    expect(printed).toMatch(/^ok {4}node /m);
    expect(exitCode).toBe(1);
  });

  it('refuses settings that no process would start with, by their names', async () => {
    await expect(run({ REDIS_URL: 'localhost', PRECISION: 'int4' })).rejects.toThrow(ConfigError);
  });
});

describe('a Redis that is not fit', () => {
  beforeEach(async () => {
    await admin.config('SET', 'maxmemory-policy', 'noeviction', 'appendonly', 'yes', 'maxmemory', '0');
  });

  it.each([
    ['evicts', ['maxmemory-policy', 'allkeys-lru'], 'redis policy', 'fail', 'config set maxmemory-policy noeviction'],
    ['forgets in a crash', ['appendonly', 'no'], 'redis persistence', 'fail', 'config set appendonly yes'],
    ['syncs when it likes', ['appendfsync', 'no'], 'redis persistence', 'warn', 'appendfsync always'],
    ['is nearly full', ['maxmemory', '1mb'], 'redis memory', 'warn', 'raise maxmemory'],
  ])('%s', async (_what, setting, check, status, mend) => {
    await admin.config('SET', ...(setting as [string, string]));
    const finding = found(await checkRedis(redis.url), check);
    expect(finding?.status).toBe(status);
    expect(finding?.mend).toContain(mend);
  });

  it('is a replica', async () => {
    await admin.replicaof('127.0.0.1', 1);
    const finding = found(await checkRedis(redis.url), 'redis');
    await admin.replicaof('NO', 'ONE');
    expect(finding).toMatchObject({ status: 'fail', message: expect.stringContaining('replica') });
  });

  it('wants a password', async () => {
    await admin.config('SET', 'requirepass', 'secret');
    const [finding] = await checkRedis(redis.url);
    const withPassword = await checkRedis(redis.url.replace('redis://', 'redis://:secret@'));
    await admin.config('SET', 'requirepass', '');
    expect(finding).toMatchObject({ status: 'fail', message: expect.stringContaining('NOAUTH') });
    expect(withPassword[0]?.status).toBe('ok');
  });

  it('has another time', async () => {
    const atOffset = async (ms: number) => found(await checkRedis(redis.url, () => Date.now() + ms), 'clock redis');
    expect((await atOffset(10_000))?.status).toBe('warn');
    expect(await atOffset(-900_000)).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('behind redis'),
    });
  });
});

describe('a storage that is not fit', () => {
  it('has other credentials, or is not there', async () => {
    const secret = process.env.AWS_SECRET_ACCESS_KEY;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    const refused = await examine({ STORAGE_URL: s3.storageUrl });
    process.env.AWS_SECRET_ACCESS_KEY = secret;
    expect(found(refused.findings, 'storage write')?.message).toContain('SignatureDoesNotMatch');
    expect(found(refused.findings, 'storage read')).toBeUndefined();

    const gone = await examine({ STORAGE_URL: 's3://images?endpoint=http://127.0.0.1:1&forcePathStyle=1' });
    expect(found(gone.findings, 'storage write')?.message).toContain('ECONNREFUSED');
  });

  it('lets a second write take the place of the first', async () => {
    const storage = new MemoryStorage();
    jest.spyOn(storage, 'putIfAbsent').mockResolvedValue(undefined);
    const findings = await checkStorage(storage, { signsUrls: false });
    expect(found(findings, 'storage if-none-match')?.status).toBe('fail');
    expect(found(findings, 'storage read')?.status).toBe('fail');
  });

  it('signs URLs of a host that clients do not reach', async () => {
    const { findings } = await examine({ STORAGE_URL: `${s3.storageUrl}&publicEndpoint=http://127.0.0.1:1` });
    const finding = found(findings, 'storage signed url');
    expect(finding).toMatchObject({ status: 'warn', mend: expect.stringContaining('publicEndpoint') });
  });

  it('answers anybody, and has another time', async () => {
    const open = await publicServer();
    const storage = openStorage(s3.storageUrl, { publicUrl: '', signingKey: '' });
    jest
      .spyOn(storage, 'signedUrl')
      .mockResolvedValue({ url: `${open.url}/object?signature=1`, expiresAt: new Date() });
    const findings = await checkStorage(storage, { signsUrls: true, now: () => Date.now() + 10_000 });
    open.server.close();
    expect(found(findings, 'storage privacy')?.status).toBe('fail');
    expect(found(findings, 'clock storage')?.status).toBe('warn');
  });

  it.each<[string, LifecycleRule[], string, string]>([
    ['deletes what is old', [wholeBucket, { ...wholeBucket, ID: 'later', Expiration: { Days: 30 } }], 'ok', '14 days'],
    ['deletes a part alone', [{ ...wholeBucket, Filter: { Prefix: 'acme/' } }], 'warn', 'grows for ever'],
    ['has a rule that is off', [{ ...wholeBucket, Status: 'Disabled' }], 'warn', 'grows for ever'],
  ])('%s', async (_what, rules, status, message) => {
    await setRules(rules);
    const { ok, findings } = await examine({ REDIS_URL: redis.url, STORAGE_URL: s3.storageUrl });
    const finding = found(findings, 'storage expiry');
    expect(finding).toMatchObject({ status, message: expect.stringContaining(message) });
    expect(ok).toBe(true);
  });

  it('has no rules at all, or tells nobody', async () => {
    const storage = openStorage(s3.storageUrl.replace('s3://images', 's3://bare'), { publicUrl: '', signingKey: '' });
    const client = s3Client();
    await client.send(new CreateBucketCommand({ Bucket: 'bare' }));
    client.destroy();
    const bare = await checkStorage(storage, { signsUrls: false });
    expect(found(bare, 'storage expiry')).toMatchObject({
      status: 'warn',
      mend: expect.stringContaining('Clearing the storage'),
    });
    jest.spyOn(storage, 'expiryDays').mockRejectedValue(new StorageUnavailable('AccessDenied'));
    const silent = await checkStorage(storage, { signsUrls: false });
    expect(found(silent, 'storage expiry')).toMatchObject({
      status: 'warn',
      mend: expect.stringContaining('s3:GetLifecycleConfiguration'),
    });
    await storage.close();
  });

  it('is a folder, whose URLs the API signs with a key of its own', async () => {
    const api = await TestApi.start(redis.url);
    const environment = { STORAGE_URL: api.storageUrl, PUBLIC_URL: api.url };
    const same = await examine({ ...environment, URL_SIGNING_KEY: signingKey });
    const other = await examine({ ...environment, URL_SIGNING_KEY: 'x'.repeat(32) });
    await api.stop();
    expect(same.findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(found(same.findings, 'storage upload url')?.status).toBe('ok');
    expect(found(other.findings, 'storage signed url')).toMatchObject({
      status: 'fail',
      mend: expect.stringContaining('URL_SIGNING_KEY'),
    });
  });
});

describe('models that are not fit', () => {
  const writeCatalog = (change: (model: Record<string, unknown>) => void): string => {
    const { models } = JSON.parse(readFileSync('models/catalog.json', 'utf8')) as { models: Record<string, unknown>[] };
    const model = { ...models[0]!, checkpoint: resolve('models/z-image-nano-turbo') };
    change(model);
    const file = join(folder, 'catalog.json');
    writeFileSync(file, JSON.stringify({ models: [model] }));
    return file;
  };

  it('have a file that is cut short', async () => {
    const checkpoint = join(folder, 'damaged');
    cpSync('models/z-image-nano-turbo', checkpoint, { recursive: true });
    truncateSync(join(checkpoint, 'vae/diffusion_pytorch_model.safetensors'), 100_000);
    const { findings } = await examine({ MODELS_FILE: writeCatalog((model) => (model.checkpoint = checkpoint)) });
    const finding = found(findings, 'model z-image-nano-turbo');
    expect(finding).toMatchObject({ status: 'fail', mend: expect.stringContaining('bring the file again') });
    expect(finding?.message).toContain('vae/diffusion_pytorch_model.safetensors');
  });

  it('cannot do what the catalog says', async () => {
    const { findings } = await examine({ MODELS_FILE: writeCatalog((model) => (model.kinds = ['edit'])) });
    expect(found(findings, 'model z-image-nano-turbo')?.message).toContain('does not serve edit');
  });

  it('are not in the catalog, or the catalog is not there', async () => {
    const { findings } = await examine({ MODEL: 'z-image-giant' });
    expect(found(findings, 'models')).toMatchObject({ status: 'fail', mend: expect.stringContaining('z-image-nano') });
    const without = await examine({ MODELS_FILE: join(folder, 'none.json') });
    expect(found(without.findings, 'models')?.message).toContain('none.json');
  });

  it('are to run on a provider that this machine lacks', async () => {
    const { findings } = await examine({ EXECUTION_PROVIDERS: 'quantum,cpu' });
    expect(found(findings, 'provider quantum')).toMatchObject({ status: 'fail' });
    expect(found(findings, 'provider cpu')?.status).toBe('ok');
  });
});

/** Answers every GET with the doctor's own object, signature or none. */
async function publicServer(): Promise<{ url: string; server: Server }> {
  const server = createServer((_request, response) => response.end('zimage doctor was here\n'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, server };
}
