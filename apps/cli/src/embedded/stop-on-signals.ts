import { readFileSync } from 'node:fs';
import type { Stack } from './stack.js';

const parentCheckMs = 1000;

/** Ends this process with its stack: on SIGTERM, on Ctrl-C, or by the function returned. Doing it twice changes nothing. */
export function stopOnSignals(stack: Stack): (exitCode: number) => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (exitCode: number): Promise<void> => (stopping ??= stack.stop().then(() => process.exit(exitCode)));
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  return stop;
}

/** npm passes SIGTERM on, but npm itself, or the shell it runs us in, can be killed; then somebody else is the parent. */
export function stopWithNpm(stop: (exitCode: number) => Promise<void>): void {
  const shell = process.ppid;
  const npm = parentOf(shell);
  setInterval(() => {
    if (process.ppid !== shell || parentOf(shell) !== npm) void stop(0);
  }, parentCheckMs).unref();
}

/** From Linux' /proc; null where there is none. */
function parentOf(pid: number): string | null {
  try {
    return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
