import { createHash, randomUUID } from 'node:crypto';
import { StorageUnavailable, type ObjectStorage } from './object-storage.js';

/** Writes, reads and deletes an object of its own. Throws what went wrong. */
export async function probe(storage: ObjectStorage): Promise<void> {
  const key = `_probe/${randomUUID()}`;
  const body = Buffer.from(key);
  const sha256 = createHash('sha256').update(body).digest('hex');
  await storage.putIfAbsent(key, body, { contentType: 'text/plain', sha256 });
  try {
    const read = await storage.get(key);
    if (!read || !body.equals(read)) throw new StorageUnavailable('a probe object did not read back as written');
  } finally {
    await storage.delete(key);
  }
}
