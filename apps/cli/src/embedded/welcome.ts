import type { StackSummary } from './stack.js';

/**
 * What a person reads when the stack is up: a page to try it, and a command that makes a picture. The page takes the key from
 * the link's fragment, which no server and no log ever sees.
 */
export function welcome({ url, apiKey, workers }: StackSummary): string {
  return `
zimage-queue is ready at ${url}  (API docs: ${url}/docs)
workers: ${workers.map(({ model }) => model).join(', ') || 'none'}

Try it in the browser, with your key in the link:
  ${url}/#key=${apiKey}

or from a shell:
  curl -s ${url}/v1/generations \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\
    -d '{"prompt": "red apple"}'

Ctrl-C stops everything.
`;
}
