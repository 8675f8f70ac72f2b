import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** bench/diffusers_process.py as a process that makes one image at a time; null when this Python has no diffusers. */
export async function startDiffusers(python, checkpoint, threads) {
  const script = new URL('diffusers_process.py', import.meta.url).pathname;
  const child = spawn(python, [script, checkpoint, String(threads)], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return null;
  return {
    about: JSON.parse(first.value),
    /** Wall and CPU milliseconds of one pipeline call. */
    async time(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value } = await lines.next();
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}
