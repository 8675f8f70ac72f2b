import type { GenerationBody } from '@app/common/contracts/generation.js';
import { terminalStates, type WebhookEvent } from '@app/common/contracts/job-states.js';
import type { WebhookTarget } from '@app/common/jobs/job-record.js';
import { outgoingUrlRefusal } from '@app/common/net/outgoing-url.js';
import { Problem } from '../http/problems.js';

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
