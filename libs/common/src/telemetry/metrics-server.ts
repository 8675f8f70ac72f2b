import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MetricsServerOptions {
  host: string;
  port: number;
  registry: Registry;
  /** Whether the process does its work now: the answer of /readyz. */
  ready: () => boolean | Promise<boolean>;
}

/** `/metrics`, `/healthz` and `/readyz` of a process that serves nothing else by HTTP. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  static async listen({ host, port, registry, ready }: MetricsServerOptions): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      void answer(request.url, response, registry, ready).catch(() => reply(response, 500, 'error'));
    });
    server.listen(port, host);
    await once(server, 'listening');
    return new MetricsServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

async function answer(
  url: string | undefined,
  response: ServerResponse,
  registry: Registry,
  ready: MetricsServerOptions['ready'],
): Promise<void> {
  switch (url) {
    case '/metrics':
      response.setHeader('content-type', registry.contentType);
      response.end(await registry.metrics());
      return;
    case '/healthz':
      reply(response, 200, 'ok');
      return;
    case '/readyz': {
      const isReady = await ready();
      reply(response, isReady ? 200 : 503, isReady ? 'ready' : 'not ready');
      return;
    }
    default:
      reply(response, 404, 'not found');
  }
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
