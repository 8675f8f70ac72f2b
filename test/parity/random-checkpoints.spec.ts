import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { readCase, runCase } from '@app/inference';
import { difference, psnr, readTensors } from '../support/golden.js';
import { randomCheckpoints, writeRandomCheckpoint } from '../support/random-checkpoint.js';

// The tolerances are those of docs/numerics.md.
const relativeTolerance = 2e-4;
const latentTolerance = 2e-3;
const imagePsnr = 50;

const folder = mkdtempSync(join(tmpdir(), 'zimage-random-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pixelsOf = (file: string): Promise<Buffer> => sharp(file).removeAlpha().raw().toBuffer();

describe.each(readdirSync(randomCheckpoints))('the random checkpoint %s', (name) => {
  it('has the reference’s embeddings, first velocity, latents and image', async () => {
    const checkpoint = join(folder, name);
    const reference = join(randomCheckpoints, name, 'case');
    const out = join(checkpoint, 'out');
    writeRandomCheckpoint(name, checkpoint);
    await runCase({ checkpoint, request: readCase(reference), out });

    const tensors = readTensors(join(out, 'tensors.safetensors'));
    for (const [key, expected] of readTensors(join(reference, 'tensors.safetensors'))) {
      const actual = tensors.get(key);
      expect(actual?.dims).toEqual(expected.dims);
      const { max, relative } = difference(actual!.data, expected.data);
      const off = key.endsWith('latents') ? max / latentTolerance : relative / relativeTolerance;
      expect({ key, off: off <= 1 ? 'within tolerance' : off }).toEqual({ key, off: 'within tolerance' });
    }
    const [actual, expected] = await Promise.all([out, reference].map((path) => pixelsOf(join(path, 'image.png'))));
    expect(psnr(actual!, expected!)).toBeGreaterThanOrEqual(imagePsnr);
  });
});
