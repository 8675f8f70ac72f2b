import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectKeyInvalid } from '@app/common/storage/object-key.js';
import { ObjectExists, StorageUnavailable, type ObjectStorage } from '@app/common/storage/object-storage.js';
import { openStorage, StorageUrlInvalid } from '@app/common/storage/open-storage.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';

const urls = { publicUrl: 'http://127.0.0.1:3000', signingKey: 'k'.repeat(32) };
const sha256Of = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');
const infoOf = (body: Uint8Array) => ({ contentType: 'image/png', sha256: sha256Of(body) });
let counter = 0;
const freshKey = (): string => `tenant/job_${counter++}/0.png`;

interface Opened {
  storage: ObjectStorage;
  stop: () => Promise<void>;
}

async function openFolder(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'zimage-files-'));
  return {
    storage: openStorage(`file://${folder}/objects`, urls),
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

let s3Server: S3Server;
beforeAll(async () => {
  s3Server = await startS3Server();
});
afterAll(() => s3Server.stop());

const openBucket = (): Promise<Opened> =>
  Promise.resolve({ storage: openStorage(s3Server.storageUrl, urls), stop: () => Promise.resolve() });

describe.each([
  ['file', openFolder],
  ['s3', openBucket],
])('%s storage', (_name, open) => {
  let storage: ObjectStorage;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ storage, stop } = await open());
  });
  afterAll(async () => {
    await storage.close();
    await stop();
  });

  it('returns what was written, with its size, hash and type', async () => {
    const key = freshKey();
    const body = randomBytes(300_000);
    await storage.putIfAbsent(key, body, infoOf(body));
    expect(Buffer.from((await storage.get(key))!).equals(body)).toBe(true);
    expect(await storage.head(key)).toEqual({ bytes: 300_000, ...infoOf(body) });
  });

  it('answers null for an object that is not there', async () => {
    const key = freshKey();
    expect(await storage.get(key)).toBeNull();
    expect(await storage.head(key)).toBeNull();
    await expect(storage.delete(key)).resolves.toBeUndefined();
  });

  it('refuses a second write and keeps the first', async () => {
    const key = freshKey();
    const first = Buffer.from('first');
    await storage.putIfAbsent(key, first, infoOf(first));
    const second = Buffer.from('second');
    await expect(storage.putIfAbsent(key, second, infoOf(second))).rejects.toThrow(ObjectExists);
    expect(Buffer.from((await storage.get(key))!).toString()).toBe('first');
  });

  it('lets one of eight racing writers win, whole', async () => {
    const key = freshKey();
    const bodies = Array.from({ length: 8 }, () => randomBytes(200_000));
    const outcomes = await Promise.allSettled(bodies.map((body) => storage.putIfAbsent(key, body, infoOf(body))));
    const winners = bodies.filter((_, i) => outcomes[i]!.status === 'fulfilled');
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(winners).toHaveLength(1);
    expect(refusals.every(({ reason }) => reason instanceof ObjectExists)).toBe(true);
    expect(Buffer.from((await storage.get(key))!).equals(winners[0]!)).toBe(true);
    expect((await storage.head(key))?.sha256).toBe(sha256Of(winners[0]!));
  });

  it('can write again after a delete', async () => {
    const key = freshKey();
    const body = Buffer.from('again');
    await storage.putIfAbsent(key, body, infoOf(body));
    await storage.delete(key);
    expect(await storage.head(key)).toBeNull();
    await storage.putIfAbsent(key, body, infoOf(body));
    expect(await storage.head(key)).not.toBeNull();
  });

  it.each([
    '../outside',
    '/absolute',
    'a/../b',
    'a//b',
    '.hidden',
    'a\\b',
    'a@/a',
    '',
    'a/%2e%2e/b',
    `a/${'x'.repeat(200)}`,
  ])('refuses the key %j', async (key) => {
    const body = Buffer.from('x');
    await expect(storage.putIfAbsent(key, body, infoOf(body))).rejects.toThrow(ObjectKeyInvalid);
    await expect((async () => storage.get(key))()).rejects.toThrow(ObjectKeyInvalid);
    await expect((async () => storage.signedUrl(key, 60))()).rejects.toThrow(ObjectKeyInvalid);
    await expect((async () => storage.signedPutUrl(key, 60))()).rejects.toThrow(ObjectKeyInvalid);
  });

  it.each(['signedUrl', 'signedPutUrl'] as const)('says when a %s ends', async (sign) => {
    const before = Date.now();
    const { url, expiresAt } = await storage[sign](freshKey(), 60);
    expect(URL.canParse(url)).toBe(true);
    expect(expiresAt.getTime() - before).toBeGreaterThan(58_000);
    expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(61_000);
  });
});

describe('s3 storage alone', () => {
  it('serves its signed URLs, and neither tampered nor expired ones', async () => {
    const { storage } = await openBucket();
    try {
      const key = freshKey();
      const body = randomBytes(1000);
      await storage.putIfAbsent(key, body, infoOf(body));
      const { url: ended } = await storage.signedUrl(key, 1);
      const { url } = await storage.signedUrl(key, 60);
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('image/png');
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
      expect((await fetch(url.replace('0.png', '1.png'))).status).toBe(403);
      await sleep(2500);
      expect((await fetch(ended)).status).toBe(403);
    } finally {
      await storage.close();
    }
  });

  it('takes what is PUT to a signed URL, the last one, and nothing under another key', async () => {
    const { storage } = await openBucket();
    try {
      const key = freshKey();
      const { url } = await storage.signedPutUrl(key, 60);
      for (const body of ['first', 'second']) expect((await fetch(url, { method: 'PUT', body })).status).toBe(200);
      expect(Buffer.from((await storage.get(key))!).toString()).toBe('second');
      expect(await storage.head(key)).toMatchObject({ bytes: 6 });
      expect((await fetch(url.replace('0.png', '1.png'), { method: 'PUT', body: 'x' })).status).toBe(403);
    } finally {
      await storage.close();
    }
  });

  it('signs URLs for the address that clients reach, and writes to its own', async () => {
    const { port } = new URL(new URL(s3Server.storageUrl).searchParams.get('endpoint')!);
    const storage = openStorage(
      `${s3Server.storageUrl}&publicEndpoint=${encodeURIComponent(`http://localhost:${port}`)}`,
      urls,
    );
    const key = freshKey();
    const body = randomBytes(1000);
    await storage.putIfAbsent(key, body, infoOf(body));
    const { url } = await storage.signedUrl(key, 60);
    expect(new URL(url).host).toBe(`localhost:${port}`);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(body)).toBe(true);
    await storage.close();
  });

  it('retries a server error and a conflict, and says unavailable when they last', async () => {
    const statuses: number[] = [];
    const answers = await listen((_request, response) => {
      response.writeHead(statuses.shift() ?? 200, { 'content-type': 'application/xml' }).end();
    });
    const storage = openStorage(`s3://bucket?endpoint=${answers.url}&forcePathStyle=1`, urls);
    const body = Buffer.from('x');
    try {
      statuses.push(503, 409, 409);
      await expect(storage.putIfAbsent('a', body, infoOf(body))).resolves.toBeUndefined();
      expect(statuses).toEqual([]);
      statuses.push(503, 412);
      await expect(storage.putIfAbsent('a', body, infoOf(body))).rejects.toThrow(ObjectExists);
      statuses.push(...Array<number>(40).fill(503));
      await expect(storage.putIfAbsent('a', body, infoOf(body))).rejects.toThrow(StorageUnavailable);
      await expect(storage.head('a')).rejects.toThrow(StorageUnavailable);
    } finally {
      await storage.close();
      await answers.close();
    }
  });

  it('says unavailable when nobody listens', async () => {
    const gone = await listen(() => undefined);
    await gone.close();
    const storage = openStorage(`s3://bucket?endpoint=${gone.url}&forcePathStyle=1`, urls);
    await expect(storage.head('a')).rejects.toThrow(StorageUnavailable);
    await storage.close();
  });

  it.each(['s3://', 'https://bucket', 'bucket', 's3://bucket?regoin=x'])('refuses the storage URL %s', (url) => {
    expect(() => openStorage(url, urls)).toThrow(StorageUrlInvalid);
  });
});

async function listen(answer: Parameters<typeof createServer>[1]): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
