import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
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
  const weightForms = ['computed', 'stored'] as const;
  it.each(weightForms)(
    'has the reference’s embeddings, first velocity, latents and image, weights %s',
    async (weights) => {
      const checkpoint = join(folder, name, weights);
      const reference = join(randomCheckpoints, name, 'case');
      const out = join(checkpoint, 'out');
      writeRandomCheckpoint(name, checkpoint);
      await runCase({ checkpoint, request: readCase(reference), out, weights });

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
    },
  );

  it('has weights that are cast exactly when they are used', async () => {
    const tensorsOf = async (type: 'BF16' | 'F16' | 'F32') => {
      const checkpoint = join(folder, name, type);
      const out = join(checkpoint, 'out');
      writeRandomCheckpoint(name, checkpoint, type);
      await runCase({ checkpoint, request: readCase(join(randomCheckpoints, name, 'case')), out, weights: 'stored' });
      return readFileSync(join(out, 'tensors.safetensors'));
    };
    const expected = await tensorsOf('F32');
    expect(expected.equals(await tensorsOf('BF16'))).toBe(true);
    expect(expected.equals(await tensorsOf('F16'))).toBe(true);
  });
});
