import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memoryCapacity, nvidiaCapacity } from './memory-capacity.js';
import { planNetworks } from './network-plan.js';

const MiB = 2 ** 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'capacity-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program in place of nvidia-smi that prints these lines. */
function answering(...lines: string[]): string {
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('nvidiaCapacity', () => {
  it('is that of the GPU with the most free memory', async () => {
    const command = answering('81559, 1024', '24564, 20000', '16384, 16000');
    expect(await nvidiaCapacity(command)).toEqual({ total: 24_564 * MiB, free: 20_000 * MiB });
  });

  it.each([['No devices were found'], ['[N/A], [N/A]'], ['']])('is unknown where it answers %j', async (line) => {
    expect(await nvidiaCapacity(answering(line))).toBeNull();
  });

  it('is unknown where there is no such program', async () => {
    expect(await nvidiaCapacity(join(folder, 'missing'))).toBeNull();
  });
});

describe('memoryCapacity', () => {
  it('has no more of the host than the limit, and asks for no GPU where none is used', async () => {
    const { host, accelerator } = await memoryCapacity(planNetworks());
    expect(host.total).toBeLessThanOrEqual(totalmem());
    expect(host.free).toBeGreaterThan(0);
    expect(host.free).toBeLessThanOrEqual(host.total);
    expect(accelerator).toBeNull();

    const limited = await memoryCapacity(planNetworks(), 50 * MiB);
    expect(limited.host).toEqual({ total: 50 * MiB, free: 50 * MiB });
  });
});
