import type { StackSummary } from './stack.js';

/** What a person reads when the stack is up: where it is, and a command that makes a picture. */
export function welcome({ url, apiKey, workers }: StackSummary): string {
  return `
zimage-queue is ready at ${url}  (docs: ${url}/docs)
workers: ${workers.map(({ model }) => model).join(', ') || 'none'}

  curl -s ${url}/v1/generations \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\
    -d '{"prompt": "red apple"}'

Ctrl-C stops everything.
`;
}
