import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

interface LogLine {
  level: number;
  msg: string;
  err?: { message?: string };
}

const errorLevel = 50;
const marks: Record<number, string> = { 40: 'warning: ', 50: 'error: ', 60: 'error: ' };

/** Turns a child's log (pino's JSON lines, or anything it prints) into short lines for people. */
export function readLog(
  source: Readable,
  name: string,
  onLine: (line: string, message: string, isError: boolean) => void,
): void {
  createInterface({ input: source }).on('line', (text) => {
    const line = parse(text);
    const message =
      line.err?.message && !line.msg.includes(line.err.message) ? `${line.msg}: ${line.err.message}` : line.msg;
    if (message.trim() === '') return;
    const time = new Date().toTimeString().slice(0, 8);
    onLine(`${time} ${name.padEnd(8)} ${marks[line.level] ?? ''}${message}`, message, line.level >= errorLevel);
  });
}

function parse(text: string): LogLine {
  const plain = { level: 30, msg: text };
  if (!text.startsWith('{')) return plain;
  try {
    const line = JSON.parse(text) as Partial<LogLine>;
    return typeof line.level === 'number' && typeof line.msg === 'string' ? (line as LogLine) : plain;
  } catch {
    return plain;
  }
}
