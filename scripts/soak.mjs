/**
 * A mixed load on the service for some minutes while its processes are killed and frozen at random: `npm run soak --
 * [--minutes N]` (default 10). Then every accepted job must have ended once, with its images and its webhook, and memory and
 * Redis' keys be back where they were. Writes its section of bench/FAULTS.md; ends with 1 when something is wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../dist/apps/cli/src/embedded/port.js';
import { writeSection } from '../bench/results-file.mjs';
import { auditFleet } from '../test/fleet/audit.mjs';
import { FleetProcess } from '../test/fleet/fleet-process.mjs';
import { Fleet } from '../test/fleet/fleet.mjs';
import { openReceiver, runAccidents, runClient } from '../test/fleet/soak-load.mjs';
import { expireAll, keysOf, MemoryWatch } from '../test/fleet/soak-measures.mjs';

const { values: flags } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(flags.minutes);
if (!(minutes > 0)) throw new Error('--minutes: a number above 0');
const clientCount = 8;
/** Of the janitor: a round every 30 s, and leftovers of ended jobs lie for 60 s. Retries of a webhook come sooner. */
const settleMs = 150_000;
const faults = [];

async function until(holds, timeoutMs) {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) return false;
    await sleep(500);
  }
  return true;
}

const fleet = await Fleet.start({ workers: 3, tokenBudget: 1024, environment: { INSTANT_STEP_MS: '10' } });
// What is never killed shows its memory; each has a twin that is.
const port = await freePort();
const twinUrl = `http://127.0.0.1:${port}`;
const twins = [
  new FleetProcess('dist/apps/api/src/main.js', { ...fleet.environment, PORT: String(port) }),
  new FleetProcess('dist/apps/api/src/sender.js', fleet.environment),
];
await Promise.all(twins.map((twin) => twin.ready()));
const { url: webhookUrl, received, close: closeReceiver } = await openReceiver();
const tenants = await Promise.all(['acme', 'initech', 'umbrella', 'hooli'].map((tenant) => fleet.newKey(tenant)));
// What exists for good once there was a job, like BullMQ's own keys and each tenant's signing keys.
const firstWebhook = { url: webhookUrl, events: ['job.succeeded'] };
const first = await Promise.all(tenants.map(({ key }) => fleet.generate({ webhook: firstWebhook }, { key })));
await Promise.all(first.map(({ id }) => fleet.finished(id)));
await until(() => received.size === tenants.length, settleMs);
const lasting = (keys) => [...keys].filter(([, left]) => left < 0).map(([key]) => key);
const ofJobs = /job_|:index:|:leftovers/;
const lastingBefore = lasting(await keysOf(fleet.redis)).filter((key) => !ofJobs.test(key));

const memory = new MemoryWatch({
  API: fleet.api.pid,
  sender: fleet.sender.pid,
  worker: fleet.workers[0].pid,
});
const stop = new AbortController();
const accepted = new Map(first.map(({ id }) => [id, true]));
const accidents = runAccidents({ fleet, victims: [...twins, fleet.workers[1], fleet.workers[2]], signal: stop.signal });
const clients = Array.from({ length: clientCount }, (_, i) =>
  runClient({
    urls: [fleet.url, twinUrl],
    key: tenants[i % tenants.length].key,
    webhookUrl,
    accepted,
    signal: stop.signal,
  }),
);
await Promise.race([sleep(minutes * 60_000), ...clients, accidents]);
stop.abort();
await Promise.all(clients);
const { kills, freezes, redisKills } = await accidents;

await until(async () => (await fleet.redis.zcard('{zq:instant}:open')) === 0, settleMs);
await until(async () => (await fleet.redis.zcard('{zq:instant}:leftovers')) === 0, settleMs);
const audit = await auditFleet(fleet, [...accepted.keys()]);
const images = await Promise.all(fleet.objects().map((key) => fleet.document(/job_[^/]+/.exec(key)[0])));
const orphans = images.filter(({ state }) => state !== 'succeeded').length;
if (orphans > 0) faults.push(`${orphans} images of jobs that ended without a result`);
for (const fault of ['lost', 'duplicated', 'stuck']) if (audit[fault] > 0) faults.push(`${audit[fault]} jobs ${fault}`);

const owed = [...accepted].filter(([, asked]) => asked).map(([id]) => id);
await until(() => owed.every((id) => received.has(id)), settleMs);
const missing = owed.filter((id) => !received.has(id)).length;
const repeated = [...received.values()].filter((ids) => ids.size !== 1).length;
const unasked = [...received.keys()].filter((id) => !accepted.get(id)).length;
if (missing + repeated + unasked > 0)
  faults.push(`webhooks: ${missing} missing, ${repeated} jobs with two ends, ${unasked} that nobody asked for`);

const expired = await expireAll(fleet.redis);
await until(async () => !lasting(await keysOf(fleet.redis)).some((key) => ofJobs.test(key)), settleMs);
const lastingAfter = lasting(await keysOf(fleet.redis));
const grown = lastingAfter.filter((key) => !lastingBefore.includes(key));
if (grown.length > 0) faults.push(`keys of Redis that nothing removes: ${grown.slice(0, 10).join(', ')}`);

const processes = memory.report();
for (const { name, warmMb, endMb } of processes)
  if (endMb > 1.5 * warmMb + 50)
    faults.push(`the ${name} took ${warmMb.toFixed(0)} MB at first and ${endMb.toFixed(0)} MB at the end`);

await Promise.all(twins.map((twin) => twin.stop()));
await fleet.stop();
closeReceiver();

const states = Object.entries(audit.states).map(([state, count]) => `${count} ${state}`);
writeSection(
  'soak',
  `## Soak

${minutes} minutes of mixed load from ${clientCount} clients of ${tenants.length} tenants (priorities, 1–3 images, deadlines, cancels, event streams, webhooks to a
receiver that refuses some, jobs that crash the engine or need all its memory) on two APIs, two senders and three workers.
Meanwhile ${kills} kills -9 and ${freezes} freezes of 12 s among the processes, ${redisKills} kills -9 of Redis. Made by \`npm run soak -- --minutes ${minutes}\`.

| jobs accepted | lost | duplicated | stuck | images of other jobs | webhooks owed | missing | of two ends |
|---|---|---|---|---|---|---|---|
| ${audit.jobs} (${states.join(', ')}) | ${audit.lost} | ${audit.duplicated} | ${audit.stuck} | ${orphans} | ${owed.length} | ${missing} | ${repeated} |

| never killed | MB when warm | MB at the end | MB a minute, second half |
|---|---|---|---|
${processes.map(({ name, warmMb, endMb, slopeMb }) => `| ${name} | ${warmMb.toFixed(0)} | ${endMb.toFixed(0)} | ${slopeMb.toFixed(2)} |`).join('\n')}

Redis: ${lastingBefore.length} lasting keys before, ${lastingAfter.length} after; ${expired} keys of finished jobs had a time to live, and nothing of the jobs was left when
it was over.

${faults.length === 0 ? 'Nothing was wrong.' : `**Wrong**: ${faults.join('; ')}.`}`,
  new URL('../bench/FAULTS.md', import.meta.url),
);
process.exit(faults.length === 0 ? 0 : 1);
