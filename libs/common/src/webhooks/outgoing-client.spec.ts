import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeliveryFailed, DestinationRefused, OutgoingClient, type OutgoingRequest } from './outgoing-client.js';

const message: OutgoingRequest = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{}',
  timeoutMs: 60_000,
};

describe('OutgoingClient', () => {
  let server: Server;
  let port: number;
  let hits = 0;
  const production = new OutgoingClient({ embedded: false });
  const embedded = new OutgoingClient({ embedded: true });

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits += 1;
      if (request.url === '/never') return;
      if (request.url === '/reset') request.socket.destroy();
      else if (request.url === '/endless') {
        response.writeHead(200);
        response.write(Buffer.alloc(1_000_000));
      } else response.writeHead(200).end();
    }).listen(0);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(async () => {
    await production.close();
    await embedded.close();
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['https://127.0.0.1:PORT/'],
    ['https://[::1]:PORT/'],
    ['https://[::ffff:127.0.0.1]:PORT/'],
    ['https://[::127.0.0.1]:PORT/'],
    ['https://2130706433:PORT/'],
    ['https://0x7f.1:PORT/'],
    ['https://localhost:PORT/'],
    ['https://0.0.0.0:PORT/'],
  ])('connects to no %s', async (url) => {
    const before = hits;
    await expect(production.send(url.replace('PORT', String(port)), message)).rejects.toMatchObject({
      code: 'delivery_failed',
      cause: { code: 'address_refused' },
    });
    expect(hits).toBe(before);
  });

  it('sends nothing unencrypted', async () => {
    await expect(production.send('http://example.com/', message)).rejects.toThrow(DestinationRefused);
    await expect(embedded.send('ftp://127.0.0.1/', message)).rejects.toThrow(DestinationRefused);
  });

  it('reaches loopback, and still no private address, in the embedded mode', async () => {
    expect(await embedded.send(`http://localhost:${port}/`, message)).toBe(200);
    await expect(embedded.send('http://169.254.169.254/', message)).rejects.toMatchObject({
      cause: { code: 'address_refused' },
    });
  });

  it.each([
    ['/never', 300],
    ['/reset', 60_000],
  ])('fails when %s is answered', async (path, timeoutMs) => {
    const failing = embedded.send(`http://127.0.0.1:${port}${path}`, { ...message, timeoutMs });
    await expect(failing).rejects.toThrow(DeliveryFailed);
  });

  it('reads no more of an answer than it needs', async () => {
    expect(await embedded.send(`http://127.0.0.1:${port}/endless`, message)).toBe(200);
  });
});
