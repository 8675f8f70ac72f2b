import { afterEach, expect, it } from '@jest/globals';
import { Counter, Registry } from 'prom-client';
import { MetricsServer } from './metrics-server.js';

let server: MetricsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

it('serves metrics, and says whether the process is ready', async () => {
  const registry = new Registry();
  new Counter({ name: 'jobs_total', help: 'Jobs', registers: [registry] }).inc(3);
  let isReady = false;
  server = await MetricsServer.listen({ host: '127.0.0.1', port: 0, registry, ready: () => isReady });
  const url = `http://127.0.0.1:${server.port}`;

  expect(await (await fetch(`${url}/metrics`)).text()).toContain('jobs_total 3');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  isReady = true;
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${url}/v1/jobs`)).status).toBe(404);
});
