import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

interface LogLine {
  level: number;
  msg: string;
  err?: { message?: string };
  req?: { method?: string; path?: string };
  res?: { statusCode?: number };
  responseTime?: number;
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
    const message = messageOf(line);
    if (message.trim() === '') return;
    const time = new Date().toTimeString().slice(0, 8);
    onLine(`${time} ${name.padEnd(8)} ${marks[line.level] ?? ''}${message}`, message, line.level >= errorLevel);
  });
}

function messageOf({ msg, err, req, res, responseTime }: LogLine): string {
  if (req && res)
    return `${req.method ?? ''} ${req.path ?? ''} ${res.statusCode ?? ''} ${Math.round(responseTime ?? 0)} ms`;
  return err?.message && !msg.includes(err.message) ? `${msg}: ${err.message}` : msg;
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
