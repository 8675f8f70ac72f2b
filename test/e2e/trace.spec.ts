import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Embedded } from '../support/embedded.js';
import { eventually } from '../support/eventually.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface ExportedSpan {
  traceId: string;
  name: string;
}

/** An OTLP/HTTP collector that remembers. */
class Collector {
  readonly spans: ExportedSpan[] = [];
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as {
        resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[];
      };
      this.spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

const collector = new Collector();
let service: Embedded;
let receiver: WebhookReceiver;
beforeAll(async () => {
  const endpoint = await collector.start();
  receiver = await WebhookReceiver.start();
  service = await Embedded.start({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
});
afterAll(async () => {
  await service.stop();
  await receiver.stop();
  await collector.stop();
});

it('follows one trace from the request over the queue to the upload and the webhook', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const body = { prompt: 'red apple', steps: 1, webhook: { url: receiver.url, events: ['job.succeeded'] } };
  const answer = await service.post(body, { Prefer: 'wait=60', traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  expect(answer.status).toBe(200);
  const expected = [
    'POST /v1/generations',
    'wait in queue',
    'run job',
    'compute image',
    'upload image',
    'webhook job.succeeded',
  ];
  const names = (): string[] => collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name);
  await eventually(() => expected.every((name) => names().includes(name)));
  expect(new Set(names())).toEqual(new Set(expected));
});
