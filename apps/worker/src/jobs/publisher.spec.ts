import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import { MemoryStorage } from '../../../../test/support/memory-storage.js';
import { Publisher } from './publisher.js';

const record = {
  id: 'job_1',
  tenant: 'acme',
  request: { seed: 7, width: 32, height: 16, n: 2, output: { format: 'jpeg', embed_parameters: true } },
} as JobRecord;
const image = { bytes: Buffer.from('ours'), width: 32, height: 16, computeMs: 1, batch: { max: 1, mean: 1 } };
const never = new AbortController().signal;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const setUp = (): { storage: MemoryStorage; publisher: Publisher } => {
  const storage = new MemoryStorage();
  return { storage, publisher: new Publisher(storage) };
};

describe('Publisher', () => {
  it('stores under a key that follows from tenant, job and index', async () => {
    const { storage, publisher } = setUp();
    await expect(publisher.upload(record, 1, image, never)).resolves.toEqual({
      index: 1,
      seed: 8,
      width: 32,
      height: 16,
      format: 'jpeg',
      key: 'acme/job_1/1.jpg',
      bytes: 4,
      sha256: sha256('ours'),
    });
    expect(storage.objects.get('acme/job_1/1.jpg')?.contentType).toBe('image/jpeg');
  });

  it("adopts the winner's size and hash when an object is there", async () => {
    const { storage, publisher } = setUp();
    storage.objects.set('acme/job_1/0.jpg', { bytes: 9, sha256: sha256('theirs'), contentType: 'image/jpeg' });
    await expect(publisher.upload(record, 0, image, never)).resolves.toMatchObject({
      bytes: 9,
      sha256: sha256('theirs'),
    });
  });

  it('tries again when the storage is away, also when only its reply was lost', async () => {
    const { storage, publisher } = setUp();
    storage.failures.push('before', 'after');
    await expect(publisher.upload(record, 0, image, never)).resolves.toMatchObject({ sha256: sha256('ours') });
    expect(storage.objects.size).toBe(1);
  });

  it('finds what an earlier attempt uploaded, and deletes all of a job', async () => {
    const { storage, publisher } = setUp();
    await publisher.upload(record, 1, image, never);
    await expect(publisher.adopt(record, 0, never)).resolves.toBeNull();
    await expect(publisher.adopt(record, 1, never)).resolves.toMatchObject({ index: 1, seed: 8 });
    await publisher.discard(record);
    expect(storage.objects.size).toBe(0);
  });
});
