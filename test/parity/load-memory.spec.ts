import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inspectCheckpoint } from '@app/inference';

const bench = join(import.meta.dirname, '../../bench');
const node = (script: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(bench, script), ...args], { encoding: 'utf8' });

interface Stage {
  name: string;
  /** After it, resident: the process's own, and of mapped files. */
  ownBytes: number;
  mappedBytes: number;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-memory-'));
  const size = ['--scale', '0.25', '--layers', '8', '--text-layers', '1', '--shard-mb', '100'];
  node('gpu/full-size-checkpoint.mjs', folder, ...size);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a sharded bfloat16 checkpoint', () => {
  const float32Bytes = (): number => {
    const { weightBytes } = inspectCheckpoint(folder, { tokenBudget: 4096, samplesPerCall: 4 }).memory[0]!.networks
      .step;
    expect(weightBytes).toBeGreaterThan(400e6);
    return weightBytes;
  };
  const load = (weights: string) =>
    JSON.parse(node('load-process.mjs', folder, weights, 'step')) as { peakBytes: number; keptBytes: number };

  it('is never held twice while it is loaded', () => {
    const { peakBytes } = load('computed');
    // Beside the float32 weights: one of them a second time while it is packed, and what the allocator keeps of the freed.
    expect(peakBytes / float32Bytes()).toBeGreaterThan(0.9);
    expect(peakBytes / float32Bytes()).toBeLessThan(1.5);
  });

  it('takes no memory of its own where its weights stay as stored, and a run casts a few at a time', () => {
    expect(load('stored').keptBytes / float32Bytes()).toBeLessThan(0.1);
    const stages = JSON.parse(node('image-process.mjs', folder, 'stored', '64', '2')) as Stage[];
    const after = (stage: string) => stages.findLast(({ name }) => name === stage)!;
    expect((after('step').ownBytes - after('prompt').ownBytes) / float32Bytes()).toBeLessThan(0.3);
    // The casts read the weights where they lie: in the mapped files, at half their size in float32.
    expect((after('step').mappedBytes - after('prompt').mappedBytes) / float32Bytes()).toBeGreaterThan(0.4);
  });
});
