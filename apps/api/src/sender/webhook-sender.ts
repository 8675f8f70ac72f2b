import type { WebhookEvent } from '@app/common/contracts/job-states.js';
import { toJobDocument, type UrlOf } from '@app/common/jobs/job-document.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import type { DeliveryOutcome } from '@app/common/webhooks/delivery-log.js';
import { DeliveryFailed, DestinationRefused, type OutgoingClient } from '@app/common/webhooks/outgoing-client.js';
import { signedMessage, webhookId } from '@app/common/webhooks/webhook-message.js';
import type { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';

const timeoutMs = 15_000;

/** Sends a webhook, with the job as it is now. */
export class WebhookSender {
  constructor(
    private readonly client: OutgoingClient,
    private readonly secrets: WebhookSecrets,
    private readonly endpoints: DisabledEndpoints,
    private readonly urlOf: UrlOf,
  ) {}

  /** Throws DeliveryFailed or DestinationRefused. */
  async send(record: JobRecord, entry: string, event: WebhookEvent): Promise<DeliveryOutcome> {
    if (!record.webhook) throw new DestinationRefused('the job asked for no webhook');
    const { url } = record.webhook;
    const [isDisabled, keys] = await Promise.all([
      this.endpoints.has(record.tenant, url),
      this.secrets.signingKeys(record.tenant),
    ]);
    if (isDisabled) {
      return { outcome: 'disabled', status: null, error: 'the endpoint answered 410 Gone before' };
    }
    const message = signedMessage({
      id: webhookId(entry),
      event,
      document: await toJobDocument(record, this.urlOf),
      keys,
      now: new Date(),
    });
    try {
      const status = await this.client.send(url, { method: 'POST', ...message, timeoutMs });
      return { outcome: 'delivered', status, error: null };
    } catch (error) {
      if (!(error instanceof DeliveryFailed) || error.status !== 410) throw error;
      await this.endpoints.disable(record.tenant, url);
      return { outcome: 'disabled', status: 410, error: error.message };
    }
  }
}
