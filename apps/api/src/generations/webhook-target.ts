import { isIP } from 'node:net';
import type { GenerationBody } from '@app/common/contracts/generation.js';
import { terminalStates, type WebhookEvent } from '@app/common/contracts/job-states.js';
import type { WebhookTarget } from '@app/common/jobs/job-record.js';
import { isLoopback, isPublicAddress } from '@app/common/webhooks/public-address.js';
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
  const message = refusalOf(new URL(webhook.url), options.embedded);
  if (message !== null) {
    throw new Problem('webhook_url_refused', message, { errors: [{ field: 'webhook.url', message }] });
  }
  return { url: webhook.url, events: webhook.events ?? terminalEvents };
}

function refusalOf({ protocol, username, password, hostname }: URL, embedded: boolean): string | null {
  if (protocol !== 'https:' && !(embedded && protocol === 'http:')) return 'must be an https URL';
  if (username !== '' || password !== '') return 'must not hold credentials';
  const host = hostname.replace(/^\[|\]$/g, '');
  const local = /(^|\.)localhost\.?$/.test(host) || isLoopback(host);
  if (local ? embedded : isIP(host) === 0 || isPublicAddress(host)) return null;
  return 'must not point at a private address';
}
