import { beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { openStorage } from '@app/common/storage/open-storage.js';
import { signingKey, useApi } from '../support/api.js';
import { catalogWithEdits, editModel } from '../support/catalogs.js';
import { HandWorker } from '../support/hand-worker.js';

const { api, redisUrl, atEnd } = await useApi({ MODELS_FILE: catalogWithEdits() });

const packages = resolve('.tools/openai-python');
const missing = !existsSync(join(packages, 'version'));
if (missing)
  console.warn("OpenAI's Python client is NOT tested: run scripts/install-python-tools.sh (python3 with pip)");

(missing ? describe.skip : describe)("OpenAI's Python client", () => {
  let key: string;
  const workers: HandWorker[] = [];

  beforeAll(async () => {
    key = await api.keyOf({ tenant: 'acme' });
    for (const model of ['z-image-nano-turbo', editModel]) serve(model);
    atEnd(() => Promise.all(workers.map((worker) => worker.stop())));
  });

  const serve = (model: string): void => {
    const storage = openStorage(api.storageUrl, { publicUrl: api.url, signingKey });
    workers.push(HandWorker.start(redisUrl, storage, model));
  };
  /** Calls the service by one scenario of openai_client.py. `onLog` hears what the client says of its attempts. */
  const outcomeOf = async (scenario: string, input = '', onLog?: (log: string) => void): Promise<unknown> => {
    const child = spawn('python3', [resolve('test/contract/openai_client.py'), scenario, api.url, key], {
      env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1', OPENAI_LOG: 'info' },
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      onLog?.(log);
    });
    child.stdin.end(input);
    const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (child.exitCode !== 0) throw new Error(log);
    return JSON.parse(printed);
  };
  const jobsOf = async (prompt: string) => {
    const { jobs } = (await api.call('/v1/jobs?limit=100', { key })).json as {
      jobs: { model: string; kind: string; request: { prompt: string; seed: number; n: number; images?: unknown[] } }[];
    };
    return jobs.filter(({ request }) => request.prompt === prompt);
  };

  it('generates, with fields of its own and of this service', async () => {
    expect(await outcomeOf('generate')).toEqual({ sizes: Array(2).fill([128, 64]), size: '128x64', usage: 64 });
    expect(await jobsOf('python')).toMatchObject([{ request: { seed: 7, n: 2, steps: 2 } }]);
  });

  it('edits several images by a prompt, and one by a mask', async () => {
    const picture = (background: string) =>
      sharp({ create: { width: 128, height: 128, channels: 4, background } })
        .png()
        .toBuffer()
        .then((bytes) => bytes.toString('base64'));
    const [image, mask] = await Promise.all([picture('red'), picture('#0000')]);
    expect(await outcomeOf('edit', JSON.stringify({ images: [image, image], mask }))).toEqual([
      [128, 128],
      [128, 128],
    ]);
    expect(await jobsOf('python joined')).toMatchObject([{ kind: 'edit', model: editModel, request: { seed: 3 } }]);
    expect((await jobsOf('python joined'))[0]!.request.images).toHaveLength(2);
    expect(await jobsOf('python masked')).toMatchObject([{ kind: 'generation', model: 'z-image-nano-turbo' }]);
  });

  it('reads the stream as events of its own classes', async () => {
    const partial = ['ImageGenPartialImageEvent', 'image_generation.partial_image'];
    const picture = ['64x64', [64, 64]];
    expect(await outcomeOf('stream')).toEqual([
      [...partial, 0, ...picture],
      [...partial, 1, ...picture],
      ['ImageGenCompletedEvent', 'image_generation.completed', null, ...picture],
    ]);
  });

  it('raises its own errors, with code, field and request id', async () => {
    expect(await outcomeOf('errors')).toEqual([
      ['BadRequestError', 400, 'validation_failed', 'size', true],
      ['BadRequestError', 400, 'model_unknown', 'model', true],
      ['APIStatusError', 415, 'image_type_unsupported', 'images[0]', true],
      ['AuthenticationError', 401, 'unauthenticated', null, true],
      ['BadRequestError', 400, 'limit_exceeded', 'n', true],
    ]);
  });

  it('tries again by itself, and has one job made', async () => {
    let served = false;
    const outcome = await outcomeOf('retry', '', (log) => {
      if (served || !log.includes('Retrying')) return;
      served = true;
      serve('z-image-nano');
    });
    expect(outcome).toEqual({ retries: expect.any(Number), size: [64, 64] });
    expect((outcome as { retries: number }).retries).toBeGreaterThan(0);
    expect(await jobsOf('python again')).toHaveLength(1);
  });
});
