import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@app/common/errors.js';

/** Another process already serves this data folder: two Redis servers would destroy one append-only file. */
export class DataFolderInUse extends ServiceError {
  readonly code = 'data_folder_in_use';
}

/** A server whose parent died lives on for some seconds: waits for its end, and gives up on one that stays. */
export async function waitUntilFree(dataDir: string, pidFile: string): Promise<void> {
  const until = Date.now() + 12_000;
  for (;;) {
    const pid = livingServer(pidFile);
    if (pid === null) return;
    if (Date.now() > until) {
      throw new DataFolderInUse(
        `${dataDir} is in use by the Redis server with pid ${pid}; stop it or use another folder`,
      );
    }
    await sleep(200);
  }
}

function livingServer(pidFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(pid, 0);
    const command = `/proc/${pid}/cmdline`;
    if (existsSync(command) && !/redis|valkey/.test(readFileSync(command, 'utf8'))) return null;
    return pid;
  } catch {
    return null;
  }
}
