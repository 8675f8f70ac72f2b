import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inspectCheckpoint } from '@app/inference';

const bench = join(import.meta.dirname, '../../bench');
const node = (script: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(bench, script), ...args], { encoding: 'utf8' });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-memory-'));
  const size = ['--scale', '0.25', '--layers', '8', '--text-layers', '1', '--shard-mb', '100'];
  node('gpu/full-size-checkpoint.mjs', folder, ...size);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('loading a sharded bfloat16 checkpoint', () => {
  it('never holds its weights twice', () => {
    const { peakBytes } = JSON.parse(node('load-process.mjs', folder, 'step')) as { peakBytes: number };
    const { networks } = inspectCheckpoint(folder, { tokenBudget: 4096, samplesPerCall: 4 }).memory[0]!;
    // Beside the float32 weights: one of them a second time while it is packed, and what the allocator keeps of the freed.
    expect(networks.step.weightBytes).toBeGreaterThan(400e6);
    expect(peakBytes / networks.step.weightBytes).toBeGreaterThan(0.9);
    expect(peakBytes / networks.step.weightBytes).toBeLessThan(1.5);
  });
});
