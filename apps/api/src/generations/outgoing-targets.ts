import type { GenerationBody } from '@app/common/contracts/generation.js';
import { terminalStates, type WebhookEvent } from '@app/common/contracts/job-states.js';
import type { WebhookTarget } from '@app/common/jobs/job-record.js';
import { outgoingUrlRefusal } from '@app/common/net/outgoing-url.js';
import { invalidField, Problem } from '../http/problems.js';

const terminalEvents = terminalStates.map((state): WebhookEvent => `job.${state}`);

/**
 * Where a job's webhooks go; without `events`, its end alone is told. Only the embedded mode may call plain http and this
 * machine. Names are checked by the sender, on the address that it connects to. Throws `webhook_url_refused`.
 */
export function webhookTarget(
  webhook: NonNullable<GenerationBody['webhook']>,
  options: { embedded: boolean },
): WebhookTarget {
  const message = outgoingUrlRefusal(webhook.url, options);
  if (message !== null) {
    throw new Problem('webhook_url_refused', message, { errors: [{ field: 'webhook.url', message }] });
  }
  return { url: webhook.url, events: webhook.events ?? terminalEvents };
}

/**
 * Where the finished images are copied to, one URL for each of `n`; none without `put_urls`. Throws `validation_failed`
 * when the count differs, and `put_url_refused`.
 */
export function putTargets(urls: readonly string[] | undefined, n: number, options: { embedded: boolean }): string[] {
  if (!urls) return [];
  if (urls.length !== n) throw invalidField('output.put_urls', `must be ${n}, one for each image`);
  for (const [i, url] of urls.entries()) {
    const message = outgoingUrlRefusal(url, options);
    if (message === null) continue;
    throw new Problem('put_url_refused', message, { errors: [{ field: `output.put_urls.${i}`, message }] });
  }
  return [...urls];
}
