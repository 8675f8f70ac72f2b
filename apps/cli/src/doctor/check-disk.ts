import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, warn, type Finding } from './finding.js';

const warnBytes = 2 * 2 ** 30;
const failBytes = 256 * 2 ** 20;

/** Free space of the disk that a folder is on, or would be. */
export async function checkDisk(name: string, folder: string): Promise<Finding> {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return judgeDisk(name, folder, bavail * bsize);
}

function judgeDisk(name: string, folder: string, freeBytes: number): Finding {
  const check = `disk ${name}`;
  const message = `${(freeBytes / 2 ** 30).toFixed(1)} GiB free at ${folder}`;
  if (freeBytes >= warnBytes) return ok(check, message);
  const mend = 'make room: images are not deleted by themselves (docs/operations.md, Clearing the storage)';
  return freeBytes < failBytes ? fail(check, message, mend) : warn(check, message, mend);
}
