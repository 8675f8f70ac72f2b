import { request, type Agent, type Dispatcher } from 'undici';
import { ServiceError } from '../errors.js';
import { guardedAgent } from '../net/guarded-agent.js';
import { parseRetryAfter } from './retry-schedule.js';

/** The other side did not answer 2xx, or did not answer at all. */
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

/** Nothing can be sent to this URL, now or later. */
export class DestinationRefused extends ServiceError {
  readonly code = 'destination_refused';

  constructor(
    message: string,
    /** HTTP status, when the other side said so. */
    readonly status: number | null = null,
  ) {
    super(message);
  }
}

export interface OutgoingRequest {
  method: 'POST' | 'PUT';
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** For all of it, from the connection to the status. */
  timeoutMs: number;
}

/** Only the status counts; what else is sent is read up to here, to keep the connection usable. */
const maxReplyBytes = 16_384;

/** Calls URLs that tenants chose: https only outside the embedded mode, no redirects, addresses checked, time bounded. */
export class OutgoingClient {
  private readonly agent: Agent;

  constructor(private readonly options: { embedded: boolean }) {
    this.agent = guardedAgent({ allowLoopback: options.embedded });
  }

  /** Resolves with the 2xx status. Throws {@link DeliveryFailed} or {@link DestinationRefused}. */
  async send(url: string, { timeoutMs, ...message }: OutgoingRequest): Promise<number> {
    const { protocol } = new URL(url);
    if (protocol !== 'https:' && !(this.options.embedded && protocol === 'http:')) {
      throw new DestinationRefused('only https URLs are called');
    }
    let answer: Dispatcher.ResponseData;
    try {
      answer = await request(url, {
        ...message,
        headers: { ...message.headers, 'user-agent': 'zimage-queue' },
        dispatcher: this.agent,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.body.dump({ limit: maxReplyBytes }).catch(() => undefined);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message || cause.name : 'no answer';
      throw new DeliveryFailed(reason, null, null, { cause });
    }
    const { statusCode, headers } = answer;
    if (statusCode >= 200 && statusCode < 300) return statusCode;
    const retryAfter = headers['retry-after'];
    const retryAfterMs = parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, Date.now());
    throw new DeliveryFailed(`the answer was ${statusCode}`, statusCode, retryAfterMs);
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}
