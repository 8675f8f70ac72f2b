import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What becomes of a request: it is passed on; refused with 503 before the server sees it; passed on after a wait; or passed
 * on, while the reply is lost.
 */
export type HttpFault = 'none' | 'unavailable' | 'slow' | 'reply lost';

const slowMs = 1_500;

/** Stands before an HTTP server and passes requests on, headers untouched, so that signatures still hold. */
export class FaultyHttp {
  /** Faults that happened, by kind. */
  readonly counts: Record<HttpFault, number> = { none: 0, unavailable: 0, slow: 0, 'reply lost': 0 };
  faultOf: (request: IncomingMessage) => HttpFault = () => 'none';

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  static async start(target: string): Promise<FaultyHttp> {
    const server = createServer();
    const proxy = new FaultyHttp(server, target);
    server.on('request', (incoming, response) => void proxy.pass(incoming, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faultOf(incoming);
    this.counts[fault] += 1;
    if (fault === 'unavailable') {
      incoming.resume();
      response.writeHead(503).end();
      return;
    }
    if (fault === 'slow') await sleep(slowMs);
    const { method, headers } = incoming;
    const outgoing = request(new URL(incoming.url ?? '/', this.target), { method, headers }, (reply) => {
      if (fault === 'reply lost') {
        reply.resume().once('end', () => response.destroy());
        return;
      }
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    outgoing.once('error', () => response.destroy());
    incoming.pipe(outgoing);
  }
}
