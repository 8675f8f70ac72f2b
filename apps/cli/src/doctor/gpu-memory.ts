import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Free memory of the emptiest NVIDIA GPU; undefined where `nvidia-smi` finds none. */
export async function freeGpuBytes(): Promise<number | undefined> {
  const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits'];
  const answer = await promisify(execFile)('nvidia-smi', query, { timeout: 5_000 }).catch(() => null);
  if (answer === null) return undefined;
  return Math.max(...answer.stdout.trim().split('\n').map(Number)) * 2 ** 20;
}
