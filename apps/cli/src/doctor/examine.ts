import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openStorage } from '@app/common/storage/open-storage.js';
import { nvidiaCapacity } from '@app/inference';
import { checkDisk } from './check-disk.js';
import { checkModels } from './check-models.js';
import { checkNode } from './check-node.js';
import { checkProviders } from './check-providers.js';
import { checkRedis, checkRedisBinary } from './check-redis.js';
import { checkStorage } from './check-storage.js';
import type { DoctorConfig } from './doctor.config.js';
import { fail, reasonOf, type Finding } from './finding.js';

/** Where the project lies, and the data folder of its embedded mode. */
export interface Place {
  root: string;
  dataDir: string;
}

/** Every check, one after the other, on what the environment names; on the embedded mode where it names nothing. */
export async function examine(config: DoctorConfig, { root, dataDir }: Place): Promise<Finding[]> {
  const storageUrl = config.STORAGE_URL ?? pathToFileURL(join(dataDir, 'files')).href;
  const folder = storageUrl.startsWith('file:') ? fileURLToPath(storageUrl) : null;
  const checks: [name: string, run: () => Finding | Finding[] | Promise<Finding | Finding[]>][] = [
    ['node', () => checkNode(process.versions.node)],
    ['redis', () => (config.REDIS_URL === undefined ? checkRedisBinary(root) : checkRedis(config.REDIS_URL))],
    ['storage', () => examineStorage(storageUrl, config)],
    ['provider', async () => checkProviders(config.EXECUTION_PROVIDERS, (await nvidiaCapacity()) !== null)],
    ['models', () => checkModels(config)],
    ['disk storage', () => (folder === null ? [] : checkDisk('storage', folder))],
    ['disk temporary', () => checkDisk('temporary', tmpdir())],
  ];
  const findings: Finding[] = [];
  for (const [name, run] of checks) {
    try {
      findings.push(...[await run()].flat());
    } catch (error) {
      // One check that breaks must not hide what the others find.
      findings.push(fail(name, `the check broke: ${reasonOf(error)}`, 'look at what it says; else it is a defect'));
    }
  }
  return findings;
}

async function examineStorage(storageUrl: string, config: DoctorConfig): Promise<Finding[]> {
  const { PUBLIC_URL: publicUrl, URL_SIGNING_KEY: signingKey } = config;
  // The API signs and answers the URLs of a folder: without its settings there are none to try.
  const signsUrls = storageUrl.startsWith('s3:') || (publicUrl !== undefined && signingKey !== undefined);
  const storage = openStorage(storageUrl, { publicUrl: publicUrl ?? '', signingKey: signingKey ?? '' });
  try {
    return await checkStorage(storage, { signsUrls });
  } finally {
    await storage.close();
  }
}
