import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';

const pythonPackages = resolve('.tools/standardwebhooks-python');
let fleet: Fleet;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zimage-examples-'));
  fleet = await Fleet.start();
});
afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An example's receiver as a process on a port of its own. */
async function startReceiver([command, ...args]: [string, ...string[]], secrets: string[]) {
  const env = { ...process.env, PORT: '0', WEBHOOK_SECRETS: secrets.join(','), PYTHONPATH: pythonPackages };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await eventually(() => lines.length > 0 || child.exitCode !== null);
  return {
    url: lines[0]!.replace('listening on ', ''),
    /** What it did about a job. */
    handled: (job: string) => lines.filter((line) => line.includes(job)),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

interface Delivery {
  id: string;
  outcome: string;
  status: number;
}

const deliveriesOf = async (job: string, key: string): Promise<Delivery[]> => {
  const answer = (await (await fleet.get(`/v1/jobs/${job}/deliveries`, key)).json()) as { deliveries: Delivery[] };
  return answer.deliveries;
};

const send = (path: string, key: string, body: object): Promise<Response> =>
  fetch(new URL(path, fleet.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe.each<[string, [string, ...string[]]]>([
  ['webhook-express', [process.execPath, 'examples/webhook-express/server.mjs']],
  ['webhook-python', ['python3', 'examples/webhook-python/server.py']],
])('examples/%s', (name, command) => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let key: string;
  let secret: string;

  beforeAll(async () => {
    if (name === 'webhook-python' && !existsSync(pythonPackages)) {
      throw new Error('no standardwebhooks for Python: run scripts/install-python-tools.sh');
    }
    // A tenant of its own: each rotates its secret.
    ({ key } = await fleet.newKey(name, ['generate', 'read']));
    ({ secret } = (await (await fleet.get('/v1/webhook-secret', key)).json()) as { secret: string });
    receiver = await startReceiver(command, [secret]);
  });
  afterAll(() => receiver.stop());

  const postJob = async (): Promise<string> =>
    (await fleet.generate({ prompt: 'red apple', steps: 1, webhook: { url: receiver.url } }, { key })).id;
  const attempts = async (job: string, count: number): Promise<Delivery[]> => {
    await eventually(async () => (await deliveriesOf(job, key)).length >= count);
    return deliveriesOf(job, key);
  };

  it('takes what the service sends, once, also when it is delivered again', async () => {
    const job = await postJob();
    const [first] = await attempts(job, 1);
    expect(first).toMatchObject({ outcome: 'delivered', status: 204 });
    expect(receiver.handled(job)).toEqual([expect.stringMatching(/^job\.succeeded job_\S+ http:\/\/\S+\?\S+$/)]);

    expect((await send(`/v1/jobs/${job}/deliveries/${first!.id}/replay`, key, {})).status).toBe(202);
    expect(await attempts(job, 2)).toMatchObject([{}, { outcome: 'delivered', status: 204 }]);
    expect(receiver.handled(job)).toHaveLength(1);
  });

  it('refuses other signatures, old ones, and none', async () => {
    const body = JSON.stringify({ type: 'job.succeeded', data: { id: 'job_forged', images: [] } });
    const post = async (signedBy: string, at: Date): Promise<number> => {
      const headers = {
        'content-type': 'application/json',
        'webhook-id': 'msg_forged',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(signedBy).sign('msg_forged', at, body),
      };
      return (await fetch(receiver.url, { method: 'POST', headers, body })).status;
    };
    expect(await post(`whsec_${Buffer.alloc(32, 1).toString('base64')}`, new Date())).toBe(401);
    expect(await post(secret, new Date(Date.now() - 3_600_000))).toBe(401);
    const unsigned = await fetch(receiver.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(unsigned.status).toBe(401);
    expect(receiver.handled('job_forged')).toEqual([]);
  });

  it('goes on through a rotation, and with the new secret after it', async () => {
    const rotate = async (overlapS: number): Promise<string> => {
      const answer = await send('/v1/webhook-secret/rotate', key, { overlap_s: overlapS });
      return ((await answer.json()) as { secret: string }).secret;
    };
    const second = await rotate(3600);
    expect(await attempts(await postJob(), 1)).toMatchObject([{ outcome: 'delivered' }]);

    const third = await rotate(0);
    const refused = await postJob();
    expect((await attempts(refused, 1))[0]).toMatchObject({ outcome: 'failed', status: 401 });
    expect(receiver.handled(refused)).toEqual([]);

    await receiver.stop();
    receiver = await startReceiver(command, [third, second]);
    expect(await attempts(await postJob(), 1)).toMatchObject([{ outcome: 'delivered' }]);
  });
});

describe.each([
  ['generate.mjs', process.execPath],
  ['generate.py', 'python3'],
])('examples/generate/%s', (script, command) => {
  const run = (key: string, file: string) =>
    promisify(execFile)(command, [`examples/generate/${script}`, 'red apple', file], {
      env: { ...process.env, ZIMAGE_URL: fleet.url, ZIMAGE_API_KEY: key },
    });

  it('writes the picture', async () => {
    const file = join(folder, `${script}.png`);
    const { stdout } = await run(fleet.key, file);
    expect(stdout).toMatch(/: \d+ × \d+, seed \d+, \d+ ms/);
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
  });

  it('says what the service refuses', async () => {
    await expect(run('zq_wrong', join(folder, 'none.png'))).rejects.toThrow(/401 \w+:/);
  });
});
