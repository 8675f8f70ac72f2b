import { readFileSync } from 'node:fs';

/** What keeps running until it is stopped, and what it says when it is ready. */
const servers = [
  {
    command: /^scripts\/quickstart\.sh(?!.*--once)|^npm run -s serve/m,
    ready: /is ready at (?<url>\S+)[^]*#key=(?<key>\S+)/,
  },
  { command: /^\S.* examples\/webhook-\S+$/m, ready: /listening on/, told: /job\.succeeded/ },
];

/**
 * The shell blocks of a page, in order, word by word.
 *
 * @param {string} file path
 * @returns {{ text: string, server?: { ready: RegExp, told?: RegExp } }[]} `told`: what a server says once the block after it ran
 */
export function readCommands(file) {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```sh\n([^]*?)\n```$/gm)];
  return blocks.map(([, text]) => ({ text, server: servers.find(({ command }) => command.test(text)) }));
}
