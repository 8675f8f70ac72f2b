import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, type RequestListener } from 'node:http';

const headersTimeoutMs = 10_000;
/** Longer than the idle time of common load balancers (60 s), which else send on connections that are just being closed. */
const keepAliveTimeoutMs = 65_000;
/** How often Node looks for requests that are late. */
const checkIntervalMs = 1_000;

/**
 * An HTTP server on which slow clients hold no connection: 408 to whoever does not send the headers within 10 s, the whole
 * request within `requestTimeoutMs`. How long an answer takes is not limited: event streams and `Prefer: wait` are long.
 * A missing `Host` and an `Expect` that nobody knows are left to `wellFormed` (refused-requests.ts).
 */
export class TimedAdapter extends ExpressAdapter {
  constructor(private readonly requestTimeoutMs: number) {
    super();
  }

  override initHttpServer(): void {
    const options = {
      requestTimeout: this.requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, this.requestTimeoutMs),
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      requireHostHeader: false,
    };
    const app: RequestListener = this.getInstance();
    this.httpServer = createServer(options, app).on('checkExpectation', app);
  }
}
