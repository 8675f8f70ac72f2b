import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import { ok, reasonOf, warn, type Finding } from './finding.js';

const check = 'storage expiry';
const page = 'docs/operations.md, Clearing the storage';

/** Whether the storage deletes old objects by a rule of its own: the service deletes no image of a job that succeeded. */
export async function checkExpiry(storage: ObjectStorage): Promise<Finding[]> {
  if (!storage.expiryDays) return [];
  try {
    const days = await storage.expiryDays();
    if (days !== null) return [ok(check, `objects are deleted ${days} days after they were written`)];
    const mend = `set one (${page}); a TTL of SeaweedFS’ fs.configure does as well, and is not seen from here`;
    return [warn(check, 'no lifecycle rule of the bucket deletes old objects: without one it grows for ever', mend)];
  } catch (error) {
    const mend = `allow s3:GetLifecycleConfiguration, or see for yourself that there is a rule (${page})`;
    return [warn(check, reasonOf(error), mend)];
  }
}
