import { afterAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { childrenOf, Embedded, isAlive, ServeProcess, type ServeOptions } from '../support/embedded.js';
import { eventually } from '../support/eventually.js';

const folder = mkdtempSync(join(tmpdir(), 'zimage-serve-spec-'));
const turbo = 'z-image-nano-turbo';

/** Starts what must not come up; its exit code and what it says. */
async function refused(options: ServeOptions): Promise<{ code: number | null; log: string }> {
  const serve = new ServeProcess(options.port ?? (await freePort()), options);
  const code = await serve.ended();
  await serve.stop();
  return { code, log: serve.log };
}

/** A catalog whose Turbo checkpoint was changed by `damage`. */
function damagedCatalog(name: string, damage: (checkpoint: string) => void): string {
  const checkpoint = join(folder, name);
  cpSync(resolve('models', turbo), checkpoint, { recursive: true });
  damage(checkpoint);
  const catalog = JSON.parse(readFileSync(resolve('models/catalog.json'), 'utf8')) as { models: { name: string }[] };
  const models = catalog.models
    .filter((model) => model.name === turbo)
    .map((model) => ({ ...model, checkpoint: name }));
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ models }));
  return file;
}

describe('serve', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps its key over a restart, in a file for its owner only', async () => {
    const dataDir = join(folder, 'data');
    const first = await Embedded.start({ dataDir, workers: `${turbo}=0` });
    await first.stop();
    const second = await Embedded.start({ dataDir, workers: `${turbo}=0` });
    expect(second.summary.apiKey).toBe(first.summary.apiKey);
    expect(second.summary.webhookSecret).toBe(first.summary.webhookSecret);
    expect((await second.fetch('/v1/jobs')).status).toBe(200);
    expect(statSync(join(dataDir, 'identity.json')).mode & 0o777).toBe(0o600);
    await second.stop();
  });

  it('starts the API and the sender again when they die', async () => {
    const service = await Embedded.start({ workers: `${turbo}=0` });
    const services = ['apps/api/src/main.js', 'apps/api/src/sender.js'];
    const first = services.flatMap((entry) => service.pidsOf(entry));
    for (const pid of first) process.kill(pid, 'SIGKILL');
    await eventually(() => !first.some(isAlive));
    await eventually(async () => (await service.fetch('/v1/jobs').catch(() => null))?.status === 200);
    await eventually(() => services.flatMap((entry) => service.pidsOf(entry)).length === 2);
    await service.stop();
  });

  it('leaves no process behind, neither after SIGTERM nor when it is killed', async () => {
    const service = await Embedded.start({ workers: turbo });
    const serve = service.servePid();
    const family = [serve, ...childrenOf(serve)];
    const host = service.engineHostPid(service.workerPids()[0]!);
    expect(family.length).toBeGreaterThanOrEqual(5);
    process.kill(serve, 'SIGKILL');
    await eventually(() => ![...family, host].some(isAlive));
    await service.stop();

    const again = await Embedded.start({ workers: turbo });
    const processes = [again.servePid(), ...childrenOf(again.servePid()), again.engineHostPid(again.workerPids()[0]!)];
    await again.stop();
    expect(processes.filter(isAlive)).toEqual([]);
  });

  it('names a port that is in use, and a model that is not there', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await refused({ port })).toMatchObject({
      code: 1,
      log: expect.stringContaining(`port ${port} cannot be used (in use)`),
    });
    other.close();
    expect(await refused({ workers: 'sdxl=1' })).toMatchObject({
      code: 1,
      log: expect.stringContaining('there is no model "sdxl"'),
    });
  });

  it('says which setting is wrong', async () => {
    const { code, log } = await refused({ environment: { STORAGE_URL: 'ftp://pictures' } });
    expect(code).toBe(1);
    expect(log).toMatch(/cannot start: \w+: invalid configuration:\n +STORAGE_URL: must be a file:\/\/ or s3:\/\/ URL/);
    expect(log).not.toContain('node:internal');
  });

  it('says that REDIS_URL is not reachable', async () => {
    const port = await freePort();
    const { code, log } = await refused({ environment: { REDIS_URL: `redis://127.0.0.1:${port}` } });
    expect(code).toBe(1);
    expect(log).toContain(`no Redis answers at 127.0.0.1:${port}`);
  });

  it('names the file of a checkpoint that is truncated or lacks a component', async () => {
    const file = 'transformer/diffusion_pytorch_model.safetensors';
    const truncated = damagedCatalog('truncated', (checkpoint) => truncateSync(join(checkpoint, file), 100_000));
    const first = await refused({ environment: { MODELS_FILE: truncated } });
    expect(first.code).toBe(1);
    expect(first.log).toMatch(/cannot start: worker: model z-image-nano-turbo: .*diffusion_pytorch_model\.safetensors/);

    const headless = damagedCatalog('headless', (checkpoint) => rmSync(join(checkpoint, 'vae'), { recursive: true }));
    const second = await refused({ environment: { MODELS_FILE: headless } });
    expect(second.code).toBe(1);
    expect(second.log).toMatch(/cannot start: worker: model z-image-nano-turbo: .*vae/);
  });
});
