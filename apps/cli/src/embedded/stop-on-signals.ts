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

/** npm passes SIGTERM on, but npm itself can be killed; then its shell or init becomes our parent. */
export function stopWithParent(stop: (exitCode: number) => Promise<void>): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop(0);
  }, parentCheckMs).unref();
}
