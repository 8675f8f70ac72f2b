import { Webhook } from 'standardwebhooks';
import type { JobDocument } from './types.js';

/** What a webhook carries. */
export interface WebhookBody {
  type: `job.${string}`;
  timestamp: string;
  data: JobDocument;
}

/** The body of a webhook whose signature holds. Throws standardwebhooks' WebhookVerificationError. */
export const verifyWebhook = (secret: string, body: string, headers: Record<string, string>): WebhookBody =>
  new Webhook(secret).verify(body, headers) as WebhookBody;
