/** Clients and accidents of the soak. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetModel } from './fleet.mjs';

const below = (limit) => Math.floor(Math.random() * limit);
const oneIn = (count) => below(count) === 0;
const pick = (list) => list[below(list.length)];

const terminalEvents = ['job.succeeded', 'job.failed', 'job.canceled', 'job.expired'];

/** A receiver of webhooks that refuses the first and then some, each once, and knows which it had: webhook id and type by job. */
export async function openReceiver() {
  const received = new Map();
  const refused = new Set();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const id = request.headers['webhook-id'];
      if ((refused.size === 0 || oneIn(40)) && !refused.has(id)) {
        refused.add(id);
        response.writeHead(500).end();
        return;
      }
      const { type, data } = JSON.parse(body);
      received.set(data.id, (received.get(data.id) ?? new Set()).add(`${id} ${type}`));
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, received, close };
}

const newBody = (webhookUrl) => ({
  model: fleetModel,
  prompt: oneIn(300) ? 'crash' : oneIn(60) ? 'greedy' : 'apple',
  steps: 1 + below(8),
  n: oneIn(4) ? 3 : 1,
  seed: below(1e6),
  priority: pick(['high', 'normal', 'normal', 'low']),
  ...(oneIn(20) && { deadline_s: 1 }),
  ...(oneIn(2) && { webhook: { url: webhookUrl, events: terminalEvents } }),
});

/**
 * One client: posts until told to stop, cancels some jobs and follows others. `accepted`: filled with the ids and whether a webhook
 * was asked for. What gets no answer is sent again under its idempotency key, as a client has to.
 */
export async function runClient({ urls, key, webhookUrl, accepted, signal }) {
  const authorization = `Bearer ${key}`;
  while (!signal.aborted) {
    const body = newBody(webhookUrl);
    const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    let job;
    while (!job) {
      const options = { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) };
      const response = await fetch(new URL('/v1/generations', pick(urls)), options).catch(() => null);
      if (response?.status === 202 || response?.status === 200) job = await response.json().catch(() => null);
      else if (response && ![409, 429, 503].includes(response.status))
        throw new Error(`${response.status}: ${await response.text()}`);
      if (!job) await sleep(200);
    }
    accepted.set(job.id, body.webhook !== undefined);
    const jobUrl = new URL(`/v1/jobs/${job.id}`, pick(urls));
    const then = below(10);
    if (then === 0) {
      await sleep(below(300));
      await fetch(`${jobUrl}/cancel`, { method: 'POST', headers: { authorization } }).catch(() => null);
    } else if (then === 1) {
      const following = { headers: { authorization }, signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) };
      await fetch(`${jobUrl}/events`, following)
        .then((response) => response.text())
        .catch(() => null);
    }
    await sleep(200 + below(400));
  }
}

/** Kills, and at times only stops for longer than a lock lives, a random one of the processes; kills Redis now and then. */
export async function runAccidents({ fleet, victims, signal }) {
  const counts = { kills: 0, freezes: 0, redisKills: 0 };
  while (!signal.aborted) {
    await sleep(3_000 + below(4_000), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    if (oneIn(15)) {
      counts.redisKills += 1;
      await fleet.killRedis(1_000);
    } else if (oneIn(8)) {
      counts.freezes += 1;
      const { child } = pick(victims);
      child.kill('SIGSTOP');
      await sleep(12_000);
      child.kill('SIGCONT');
    } else {
      counts.kills += 1;
      pick(victims).kill('SIGKILL');
    }
  }
  return counts;
}
