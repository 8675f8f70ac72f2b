import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ImageFetcher } from './fetch-image.js';

describe('ImageFetcher', () => {
  let server: Server;
  let port: number;
  let hits = 0;
  let sent = 0;
  const production = new ImageFetcher({ embedded: false });
  const embedded = new ImageFetcher({ embedded: true });
  const hasty = new ImageFetcher({ embedded: true, timeoutMs: 500 });
  const local = (path: string): string => `http://127.0.0.1:${port}${path}`;

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits += 1;
      if (request.url === '/image') response.writeHead(200, { 'content-type': 'text/html' }).end('bytes');
      else if (request.url === '/moved') response.writeHead(302, { location: '/image' }).end();
      else if (request.url === '/slow') response.writeHead(200).write('b');
      else if (request.url === '/endless') {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(1_000_000))) sent += 1_000_000;
        };
        response.on('drain', more);
        more();
      } else if (request.url !== '/never') response.writeHead(404).end();
    }).listen(0);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(async () => {
    await production.close();
    await embedded.close();
    await hasty.close();
    server.closeAllConnections();
    server.close();
  });

  it('fetches bytes, whatever their content type', async () => {
    expect(Buffer.from(await embedded.fetch(local('/image'))).toString()).toBe('bytes');
  });

  it.each([
    'http://example.com/a.png',
    'https://127.0.0.1:PORT/image',
    'https://[::1]:PORT/image',
    'https://[::ffff:127.0.0.1]:PORT/image',
    'https://[::127.0.0.1]:PORT/image',
    'https://2130706433:PORT/image',
    'https://localhost:PORT/image',
    'https://10.0.0.1/image',
    'https://169.254.169.254/latest/meta-data',
    'https://168.63.129.16/',
    'https://100.64.0.1/',
    'https://user:secret@example.com/a.png',
  ])('connects to no %s', async (url) => {
    const before = hits;
    await expect(production.fetch(url.replace('PORT', String(port)))).rejects.toMatchObject({
      code: 'image_url_refused',
    });
    expect(hits).toBe(before);
  });

  it.each(['/moved', '/gone', '/never', '/slow'])('takes no image from %s', async (path) => {
    await expect(hasty.fetch(local(path))).rejects.toMatchObject({ code: 'image_unreachable' });
  });

  it('stops reading at the limit', async () => {
    await expect(embedded.fetch(local('/endless'))).rejects.toMatchObject({ code: 'image_too_large' });
    expect(sent).toBeLessThan(40_000_000);
  });
});
