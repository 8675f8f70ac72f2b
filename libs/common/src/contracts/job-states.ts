/** `queued → running → succeeded | failed | canceled | expired`, and `running → queued` on hand-back. */
export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'canceled', 'expired'] as const;
export type JobState = (typeof jobStates)[number];

export const terminalStates = ['succeeded', 'failed', 'canceled', 'expired'] as const;
export type TerminalState = (typeof terminalStates)[number];

export const isTerminal = (state: JobState): state is TerminalState =>
  (terminalStates as readonly string[]).includes(state);

/** What such a job has in storage belongs to nobody. */
export const endedWithoutResult = (state: JobState): boolean => isTerminal(state) && state !== 'succeeded';

/** Webhook events, as in the `type` of the body. */
export const webhookEvents = [
  'job.started',
  'job.progress',
  'job.succeeded',
  'job.failed',
  'job.canceled',
  'job.expired',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

export const isWebhookEvent = (name: string): name is WebhookEvent =>
  (webhookEvents as readonly string[]).includes(name);
