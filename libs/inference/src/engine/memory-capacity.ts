import { execFile } from 'node:child_process';
import { freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { NetworkPlan } from './network-plan.js';

/** Memory of one place, in bytes. */
export interface Capacity {
  total: number;
  /** Of it, what nobody uses now. */
  free: number;
}

export interface MemoryCapacity {
  host: Capacity;
  /** null: none is used, or nothing tells what it has. */
  accelerator: Capacity | null;
}

/** What networks placed like this have to share. `hostMemoryBytes` bounds what the host has. */
export async function memoryCapacity({ transformer }: NetworkPlan, hostMemoryBytes?: number): Promise<MemoryCapacity> {
  const onNvidia = transformer.executionProviders.some((name) => name === 'cuda' || name === 'tensorrt');
  return { host: hostCapacity(hostMemoryBytes), accelerator: onNvidia ? await nvidiaCapacity() : null };
}

/** What this process may take of its host: no more than its container (cgroup v2 or v1) is allowed. */
function hostCapacity(limitBytes = Infinity): Capacity {
  const constrained = process.constrainedMemory();
  const total = Math.min(totalmem(), constrained > 0 ? constrained : Infinity, limitBytes);
  // A container's page cache counts as used by it though it gives way, so its own "free" would be too little.
  return { total, free: Math.min(total, freemem()) };
}

/** The NVIDIA GPU with the most free memory, as nvidia-smi tells; null where that finds none. */
export async function nvidiaCapacity(command = 'nvidia-smi'): Promise<Capacity | null> {
  const query = ['--query-gpu=memory.total,memory.free', '--format=csv,noheader,nounits'];
  const answer = await promisify(execFile)(command, query, { timeout: 10_000 }).catch(() => null);
  const cards = (answer?.stdout ?? '').trim().split('\n').map(readCard);
  return cards.reduce((best, card) => (card && card.free > (best?.free ?? -1) ? card : best), null);
}

/** "81559, 80994", in MiB. */
function readCard(line: string): Capacity | null {
  const [total, free] = line.split(',').map((mebibytes) => Number(mebibytes) * 2 ** 20);
  return total !== undefined && free !== undefined && total > 0 && free >= 0 ? { total, free } : null;
}
