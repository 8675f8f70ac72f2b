import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineHost } from '../../apps/worker/src/engine-host/client.js';
import { checkpointOf } from '../support/golden.js';

const entry = join(import.meta.dirname, '../../dist/apps/worker/src/engine-host/host.js');

let host: EngineHost | undefined;
afterEach(() => host?.close());

function engineWith(hostMemoryBytes: number): EngineHost {
  const engine = { checkpoint: checkpointOf('z-image-nano-turbo'), tokenBudget: 1024, threads: 1, hostMemoryBytes };
  host = new EngineHost({ entry, hangMs: 60_000, engine });
  return host;
}

describe('an engine host of its own', () => {
  it('refuses a checkpoint that its memory cannot hold, by code and with figures, and does not try again', async () => {
    const refusal = await engineWith(300 * 2 ** 20)
      .open()
      .catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: 'memory_insufficient' });
    expect(String(refusal)).toMatch(
      /0\.\d\d GiB of host memory are needed .*0\.29 GiB are free of 0\.29 GiB; would fit: a token budget of 256/,
    );
  });

  it('opens it where the memory is enough', async () => {
    await engineWith(2 ** 30).open();
    expect(host?.isReady).toBe(true);
  });
});
