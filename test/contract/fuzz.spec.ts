import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { scopes } from '@app/common/auth/scopes.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { signingKey, useApi } from '../support/api.js';
import { catalogWithEdits, editModel } from '../support/catalogs.js';
import { HandWorker } from '../support/hand-worker.js';

const { api, redisUrl, atEnd } = await useApi({
  TENANT_REQUESTS_PER_MINUTE: '1000000',
  MODELS_FILE: catalogWithEdits(),
});

const tool = resolve('.tools/schemathesis');
const missing = !existsSync(join(tool, 'version'));
if (missing) console.warn('The API is NOT fuzzed: run scripts/install-python-tools.sh (python3 with pip)');

const secondsForAll = 20;
/** What these take depends on the model's limits, on uploads and on what URLs lead to, which no schema says. */
const settings = `
[[operations]]
include-path = ["/v1/generations", "/v1/edits", "/v1/images/generations", "/v1/images/edits"]
checks.positive_data_acceptance.enabled = false
`;

(missing ? describe.skip : describe)('what schemathesis sends by the OpenAPI document', () => {
  let folder: string;
  // The OpenAI routes answer when their job is over.
  const workers: HandWorker[] = [];

  beforeAll(async () => {
    const storage = openStorage(api.storageUrl, { publicUrl: api.url, signingKey });
    for (const model of ['z-image-nano-turbo', 'z-image-nano', editModel]) {
      workers.push(HandWorker.start(redisUrl, storage, model));
    }
    folder = await mkdtemp(join(tmpdir(), 'zimage-fuzz-'));
    await writeFile(join(folder, 'schemathesis.toml'), settings);
    atEnd(() => Promise.all(workers.map((worker) => worker.stop())));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is answered as the document says, and never with 5xx', async () => {
    const key = await api.keyOf({ tenant: 'fuzz', scopes: [...scopes] });
    const { code, output } = await schemathesis(folder, [
      `${api.url}/openapi.json`,
      '--header',
      `Authorization: Bearer ${key}`,
    ]);
    if (code !== 0) throw new Error(output);
    expect(output).toMatch(/[1-9]\d* generated/);
  });
});

/** Runs in a folder of its own, whose settings it reads: it leaves a database of examples there. */
function schemathesis(cwd: string, target: string[]): Promise<{ code: number; output: string }> {
  const options = ['--seed=1', `--max-time=${secondsForAll}`, '--no-color'];
  return new Promise((done) => {
    const args = ['-m', 'schemathesis.cli', 'run', ...options, ...target];
    const env = { ...process.env, PYTHONPATH: tool };
    execFile('python3', args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      done({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}
