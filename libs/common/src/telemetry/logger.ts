import { pino, type DestinationStream, type Logger } from 'pino';

/** ioredis puts the command that failed, arguments and all, on its errors: among them prompts and the password of AUTH. */
const secrets = ['err.command', 'req.headers.authorization', 'req.headers.cookie', '*.prompt', '*.negative_prompt'];

/** A process' logger: JSON lines on stderr, so that stdout stays for what a command prints. Prompts and keys never reach it. */
export function createLogger(
  name: string,
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Logger {
  return pino({ name, level, redact: { paths: secrets, remove: true } }, destination);
}
