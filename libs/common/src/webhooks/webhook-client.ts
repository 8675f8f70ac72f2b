import { request, type Agent } from 'undici';
import { ServiceError } from '../errors.js';
import { guardedAgent } from '../net/guarded-agent.js';
import { parseRetryAfter } from './retry-schedule.js';
import type { WebhookMessage } from './webhook-message.js';

/** The endpoint did not answer 2xx, or did not answer at all. */
export class DeliveryFailed extends ServiceError {
  readonly code = 'delivery_failed';
  override readonly retryable = true;

  constructor(
    message: string,
    /** HTTP status; null when no answer came. */
    readonly status: number | null,
    readonly retryAfterMs: number | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The endpoint answered 410: it wants no more webhooks. */
export class EndpointGone extends ServiceError {
  readonly code = 'endpoint_gone';
  readonly status = 410;
}

/** The URL is none that webhooks may go to. */
export class EndpointRefused extends ServiceError {
  readonly code = 'endpoint_refused';
}

const timeoutMs = 15_000;
/** Only the status counts; what else an endpoint sends is read up to here, to keep its connection usable. */
const maxReplyBytes = 16_384;

/** Sends webhooks: https only outside the embedded mode, no redirects, addresses checked, time and answer bounded. */
export class WebhookClient {
  private readonly agent: Agent;

  constructor(private readonly options: { embedded: boolean; timeoutMs?: number }) {
    this.agent = guardedAgent({ allowLoopback: options.embedded });
  }

  /**
   * Resolves with the 2xx status. Throws {@link DeliveryFailed}, {@link EndpointGone} or {@link EndpointRefused}.
   */
  async post(url: string, { headers, body }: WebhookMessage): Promise<number> {
    const { protocol } = new URL(url);
    if (protocol !== 'https:' && !(this.options.embedded && protocol === 'http:')) {
      throw new EndpointRefused('webhooks go to https URLs only');
    }
    let status: number;
    let retryAfterMs: number | null;
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { ...headers, 'user-agent': 'zimage-queue' },
        body,
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.options.timeoutMs ?? timeoutMs),
      });
      status = response.statusCode;
      const retryAfter = response.headers['retry-after'];
      retryAfterMs = parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, Date.now());
      await response.body.dump({ limit: maxReplyBytes }).catch(() => undefined);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message || cause.name : 'no answer';
      throw new DeliveryFailed(reason, null, null, { cause });
    }
    if (status >= 200 && status < 300) return status;
    if (status === 410) throw new EndpointGone('the endpoint answered 410 Gone');
    throw new DeliveryFailed(`the endpoint answered ${status}`, status, retryAfterMs);
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}
