import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** torch_transformer.py as a process that answers one measurement at a time; null when this Python has no diffusers. */
export async function startTorch(python, configFile, device, dtype) {
  const script = fileURLToPath(new URL('torch_transformer.py', import.meta.url));
  const child = spawn(python, [script, configFile, device, dtype], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return null;
  return {
    about: JSON.parse(first.value),
    /** Milliseconds of a call; null when the process did not survive it, for want of memory or of a compiler. */
    async measure(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      return line.done ? null : JSON.parse(line.value).ms;
    },
    stop: () => child.stdin.end(),
  };
}
