import { startJsonProcess } from './json-process.mjs';

/** bench/diffusers_process.py as a process that makes one image at a time; null when this Python has no diffusers. */
export async function startDiffusers(python, checkpoint, threads) {
  const script = new URL('diffusers_process.py', import.meta.url).pathname;
  const diffusers = await startJsonProcess(python, [script, checkpoint, String(threads)], 'ignore');
  if (diffusers === null) return null;
  const { about, ask, stop } = diffusers;
  /** `time`: wall and CPU milliseconds of one pipeline call. */
  return { about, time: ask, stop };
}
