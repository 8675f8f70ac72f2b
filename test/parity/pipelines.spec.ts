import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { readCase, runCase } from '@app/inference';
import {
  difference,
  editCases,
  goldenCase,
  imageCases,
  psnr,
  readTensors,
  textToImageCases,
} from '../support/golden.js';

// The tolerances are those of docs/numerics.md.
const relativeTolerance = 2e-4;
const latentTolerance = 2e-3;
const imagePsnr = 50;

const out = mkdtempSync(join(tmpdir(), 'zimage-parity-'));
afterAll(() => rmSync(out, { recursive: true }));

const pixelsOf = (file: string): Promise<Buffer> => sharp(file).removeAlpha().raw().toBuffer();

describe.each([...textToImageCases, ...imageCases, ...editCases])('%s, from its request and seed alone', (name) => {
  const golden = goldenCase(name);
  const folder = join(out, name);

  it('has the reference’s draws, embeddings, first velocity, latents and images', async () => {
    await runCase({ checkpoint: golden.checkpoint, request: readCase(golden.folder), out: folder });
    const tensors = readTensors(join(folder, 'tensors.safetensors'));

    // What was drawn, the embeddings and the first velocity: whichever of them the reference holds.
    for (const key of golden.tensorNames.filter((each) => each !== 'latents')) {
      expect(tensors.get(key)?.dims).toEqual(golden.tensor(key).dims);
      const { relative } = difference(tensors.get(key)!.data, golden.tensor(key).data);
      expect({ key, relative: relative <= relativeTolerance || relative }).toEqual({ key, relative: true });
    }
    for (const [i] of golden.request.prompts.entries()) {
      const image = `image${i === 0 ? '' : i}.png`;
      const [actual, expected] = await Promise.all([join(folder, image), join(golden.folder, image)].map(pixelsOf));
      expect(psnr(actual!, expected!)).toBeGreaterThanOrEqual(imagePsnr);
    }
    expect(difference(tensors.get('latents')!.data, golden.tensor('latents').data).max).toBeLessThanOrEqual(
      latentTolerance,
    );
  });
});
