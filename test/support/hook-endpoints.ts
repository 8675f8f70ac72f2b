import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an endpoint does with the first attempt of each message; all later ones it takes. `gone` stays. */
export const hookFaults = ['none', 'error', 'timeout', 'reset', 'redirect', 'gone'] as const;
export type HookFault = (typeof hookFaults)[number];

/** Clients' webhook endpoints, one a fault, at `/<fault>`. */
export class HookEndpoints {
  /** Attempts and deliveries by endpoint and webhook id. */
  readonly attempts = new Map<string, number>();
  readonly delivered = new Map<string, number>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<HookEndpoints> {
    const server = createServer();
    const endpoints = new HookEndpoints(server);
    server.on('request', (request, response) => endpoints.receive(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return endpoints;
  }

  url(fault: HookFault): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${fault}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const fault = (request.url ?? '/').slice(1) as HookFault;
    const id = `${fault} ${String(request.headers['webhook-id'])}`;
    const attempt = (this.attempts.get(id) ?? 0) + 1;
    this.attempts.set(id, attempt);
    if (fault === 'gone') {
      response.writeHead(410).end();
      return;
    }
    if (attempt > 1 || fault === 'none') {
      this.delivered.set(id, (this.delivered.get(id) ?? 0) + 1);
      response.writeHead(204).end();
      return;
    }
    if (fault === 'error') response.writeHead(500).end();
    if (fault === 'redirect') response.writeHead(301, { location: this.url('none') }).end();
    if (fault === 'reset') request.socket.resetAndDestroy();
    // A timeout: no answer ever.
  }
}
