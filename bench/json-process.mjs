import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * A script that prints one line of JSON when it is ready, and one for each line of JSON that it is sent; null when it ends
 * before the first, as a Python without diffusers does.
 */
export async function startJsonProcess(command, args, stderr) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', stderr] });
  child.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { done, value } = await lines.next();
    return done ? null : JSON.parse(value);
  };
  const about = await next();
  if (about === null) return null;
  return {
    about,
    /** The answer; null when the process did not survive the question. */
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    stop: () => child.stdin.end(),
  };
}
