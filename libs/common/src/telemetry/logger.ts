import { pino, type Logger } from 'pino';

/** A process' logger: JSON lines on stderr, so that stdout stays for what a command prints. Prompts and keys never reach it. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    { name, level, redact: ['req.headers.authorization', 'req.headers.cookie', '*.prompt', '*.negative_prompt'] },
    pino.destination({ fd: 2, sync: false }),
  );
}
