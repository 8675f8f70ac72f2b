import { createHash } from 'node:crypto';
import type { WebhookEvent } from '../contracts/job-states.js';
import type { JobDocument } from '../jobs/job-document.js';
import { signaturesOf } from './sign-message.js';
import type { SigningKeys } from './webhook-secrets.js';

export interface WebhookMessage {
  body: string;
  headers: Record<string, string>;
}

/** The size that Standard Webhooks advises to stay under. */
const maxBodyBytes = 20_000;
/** Prompts are what makes a body large; the job's own URL has them whole. */
const shortPromptChars = 500;

/**
 * `webhook-id` of an outbox entry: the same for every attempt and for a transition that was replayed. A hash, because ids
 * must not contain the dots that separate the parts of the signed text.
 */
export const webhookId = (entry: string): string =>
  `evt_${createHash('sha256').update(entry).digest('hex').slice(0, 32)}`;

/** A signed request after Standard Webhooks 1.0.0. */
export function signedMessage(options: {
  id: string;
  event: WebhookEvent;
  document: JobDocument;
  keys: SigningKeys;
  now: Date;
}): WebhookMessage {
  const { id, event, document, keys, now } = options;
  const body = JSON.stringify({ type: event, timestamp: now.toISOString(), data: withinLimit(document) });
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': Math.floor(now.getTime() / 1000).toString(),
      'webhook-signature': signaturesOf(keys, id, now, body),
    },
  };
}

function withinLimit(document: JobDocument): JobDocument {
  if (Buffer.byteLength(JSON.stringify(document)) < maxBodyBytes - 200) return document;
  const { prompt, negative_prompt } = document.request;
  return {
    ...document,
    request: {
      ...document.request,
      prompt: shorten(prompt),
      negative_prompt: negative_prompt && shorten(negative_prompt),
    },
  };
}

const shorten = (text: string): string =>
  text.length <= shortPromptChars ? text : `${text.slice(0, shortPromptChars)}…`;
