import type { GenerationBody } from '@app/common/contracts/generation.js';
import { terminalStates, type WebhookEvent } from '@app/common/contracts/job-states.js';
import type { WebhookTarget } from '@app/common/jobs/job-record.js';
import { Problem } from '../http/problems.js';

/** Why a URL may not be called, or null. The sender checks again, on the address it connects to. */
export type WebhookPolicy = (url: URL) => string | null;

const terminalEvents = terminalStates.map((state): WebhookEvent => `job.${state}`);

/** Where a job's webhooks go; without `events`, its end alone is told. Throws `webhook_url_refused`. */
export function webhookTarget(webhook: NonNullable<GenerationBody['webhook']>, refusal: WebhookPolicy): WebhookTarget {
  const message = refusal(new URL(webhook.url));
  if (message !== null) {
    throw new Problem('webhook_url_refused', message, { errors: [{ field: 'webhook.url', message }] });
  }
  return { url: webhook.url, events: webhook.events ?? terminalEvents };
}
