import { UnrecoverableError } from 'bullmq';
import type { WebhookEvent } from '@app/common/contracts/job-states.js';
import { toJobDocument, type UrlOf } from '@app/common/jobs/job-document.js';
import type { JobRecord } from '@app/common/jobs/job-record.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import type { DeliveryAttempt, DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import type { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import { parseEntry } from '@app/common/webhooks/outbox.js';
import {
  DeliveryFailed,
  EndpointGone,
  EndpointRefused,
  type WebhookClient,
} from '@app/common/webhooks/webhook-client.js';
import { signedMessage, webhookId } from '@app/common/webhooks/webhook-message.js';
import type { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';

interface DeliveryParts {
  jobs: JobStore;
  secrets: WebhookSecrets;
  endpoints: DisabledEndpoints;
  log: Pick<DeliveryLog, 'record'>;
  client: WebhookClient;
  urlOf: UrlOf;
}

/** Sends the webhook that an outbox entry names, with the job as it is now. */
export class DeliverySender {
  constructor(private readonly parts: DeliveryParts) {}

  /**
   * Makes one attempt and logs it. Throws {@link DeliveryFailed} when another one shall follow, and BullMQ's
   * UnrecoverableError when none can help.
   */
  async send(entry: string, attempt: number): Promise<void> {
    const named = parseEntry(entry);
    const record = named && (await this.parts.jobs.get(named.jobId));
    // The document outlives the last attempt by far, unless somebody shortened its life.
    if (!named || !record?.webhook) throw new UnrecoverableError(`nothing to send for ${entry}`);

    const { url } = record.webhook;
    const startedAt = Date.now();
    const log = (outcome: DeliveryAttempt['outcome'], status: number | null, error: string | null): Promise<void> =>
      this.parts.log.record(record.id, {
        id: webhookId(entry),
        event: named.event,
        attempt,
        at: startedAt,
        outcome,
        status,
        error,
        durationMs: Date.now() - startedAt,
      });

    if (await this.parts.endpoints.has(record.tenant, url)) {
      await log('disabled', null, 'the endpoint answered 410 Gone before');
      return;
    }
    try {
      await log('delivered', await this.post(url, entry, named.event, record), null);
    } catch (error) {
      if (error instanceof EndpointGone) {
        await this.parts.endpoints.disable(record.tenant, url);
        await log('disabled', error.status, error.message);
      } else if (error instanceof EndpointRefused) {
        await log('failed', null, error.message);
        throw new UnrecoverableError(error.message);
      } else {
        if (error instanceof DeliveryFailed) await log('failed', error.status, error.message);
        throw error;
      }
    }
  }

  private async post(url: string, entry: string, event: WebhookEvent, record: JobRecord): Promise<number> {
    const message = signedMessage({
      id: webhookId(entry),
      event,
      document: await toJobDocument(record, this.parts.urlOf),
      secret: await this.parts.secrets.current(record.tenant),
      now: new Date(),
    });
    return this.parts.client.post(url, message);
  }
}
