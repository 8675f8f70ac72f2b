import { randomUUID } from 'node:crypto';
import { ObjectExists, type ObjectStorage } from '@app/common/storage/object-storage.js';
import { fail, ok, reasonOf, type Finding } from './finding.js';
import { checkExpiry } from './check-expiry.js';
import { checkSignedUrls } from './check-signed-urls.js';
import { probeBody, probeInfo } from './probe-object.js';

/**
 * What the service asks of a storage, tried with two small objects under `doctor/`, which are deleted again.
 * `signsUrls`: the storage, or the API for it, answers signed URLs.
 */
export async function checkStorage(
  storage: ObjectStorage,
  { signsUrls, now = Date.now }: { signsUrls: boolean; now?: () => number },
): Promise<Finding[]> {
  const keys = [`doctor/${randomUUID()}/written.txt`, `doctor/${randomUUID()}/uploaded.txt`] as const;
  const findings = [await checkWrite(storage, keys[0])];
  if (findings[0]?.status === 'fail') return findings;
  findings.push(await checkSecondWrite(storage, keys[0]), await checkRead(storage, keys[0]));
  if (signsUrls) findings.push(...(await checkSignedUrls(storage, { read: keys[0], upload: keys[1] }, now)));
  findings.push(await checkDelete(storage, keys), ...(await checkExpiry(storage)));
  return findings;
}

const rights = 'check the bucket’s or folder’s name, and that these credentials may read, write and delete there';

async function checkWrite(storage: ObjectStorage, key: string): Promise<Finding> {
  try {
    await storage.putIfAbsent(key, probeBody, probeInfo);
    return ok('storage write', 'an object can be written');
  } catch (error) {
    return fail('storage write', reasonOf(error), `${rights}; STORAGE_URL’s endpoint must answer from here`);
  }
}

async function checkSecondWrite(storage: ObjectStorage, key: string): Promise<Finding> {
  const check = 'storage if-none-match';
  const mend = 'use a store with conditional writes: AWS S3, SeaweedFS 4, MinIO, Ceph; else two attempts of a job mix';
  try {
    await storage.putIfAbsent(key, probeBody, probeInfo);
    return fail(check, 'a second write took the place of the first', mend);
  } catch (error) {
    if (error instanceof ObjectExists) return ok(check, 'a second write is refused');
    return fail(check, reasonOf(error), mend);
  }
}

async function checkRead(storage: ObjectStorage, key: string): Promise<Finding> {
  try {
    const [body, info] = [await storage.get(key), await storage.head(key)];
    if (body === null || !probeBody.equals(body))
      return fail('storage read', 'what is read is not what was written', rights);
    if (info?.sha256 !== probeInfo.sha256) {
      return fail('storage read', 'the object’s metadata is lost', 'use a store that keeps x-amz-meta- headers');
    }
    return ok('storage read', 'object and metadata come back as written');
  } catch (error) {
    return fail('storage read', reasonOf(error), rights);
  }
}

async function checkDelete(storage: ObjectStorage, keys: readonly string[]): Promise<Finding> {
  try {
    for (const key of keys) await storage.delete(key);
    return ok('storage delete', 'the doctor’s objects are gone again');
  } catch (error) {
    return fail('storage delete', reasonOf(error), `${rights}; objects under doctor/ were left behind`);
  }
}
