import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CaseError, readCase } from './case-request.js';

const folder = mkdtempSync(join(tmpdir(), 'zimage-case-'));
afterAll(() => rmSync(folder, { recursive: true }));

const valid = {
  pipeline: 'text-to-image',
  prompts: ['x'],
  width: 64,
  height: 64,
  steps: 4,
  guidance_scale: 0,
  seed: 1,
};
const read = (request: object | string): unknown => {
  writeFileSync(join(folder, 'request.json'), typeof request === 'string' ? request : JSON.stringify(request));
  return readCase(folder);
};

describe('readCase', () => {
  it('takes what is asked and leaves what there is to compare with', () => {
    expect(read({ ...valid, sigmas: [1, 0], transformer_calls: 4 })).toEqual(valid);
  });

  it('keeps a 64-bit seed exact', () => {
    const text = JSON.stringify(valid).replace('"seed":1', '"seed": 18446744073709551615');
    expect(read(text)).toMatchObject({ seed: 18446744073709551615n });
  });

  it.each([
    [{ ...valid, pipeline: 'upscale' }, 'pipeline: upscale is not supported yet'],
    [{ ...valid, pipeline: 'inpaint' }, 'strength: missing'],
    [{ ...valid, pipeline: 'image-to-image', strength: 1.5 }, 'strength: Too big'],
    [{ ...valid, prompts: [] }, 'prompts: '],
    [{ ...valid, steps: 0 }, 'steps: '],
    [{ ...valid, steps: 1e9 }, 'steps: Too big'],
    [{ ...valid, width: 16_000 }, 'width: Too big'],
    [{ ...valid, width: '64' }, 'width: '],
    [{ ...valid, negative_prompt: ['a', 'b'] }, 'negative_prompt: must have one entry for each prompt'],
    ['{', 'not JSON'],
  ])('names what is wrong: %#', (request, message) => {
    expect(() => read(request)).toThrow(CaseError);
    expect(() => read(request)).toThrow(`request.json: ${message}`);
  });

  it('brings the images that the pipeline takes', () => {
    const image = Buffer.from('image');
    const mask = Buffer.from('mask');
    writeFileSync(join(folder, 'input.png'), image);
    const kept = { ...valid, pipeline: 'image-to-image', strength: 0.5 };
    expect(read(kept)).toEqual({ ...kept, source: { kind: 'image-to-image', image, strength: 0.5 } });
    expect(() => read({ ...kept, pipeline: 'inpaint' })).toThrow(/mask\.png: missing/);
    writeFileSync(join(folder, 'mask.png'), mask);
    expect(read({ ...kept, pipeline: 'inpaint' })).toMatchObject({ source: { kind: 'inpaint', image, mask } });
  });

  it('names a missing file', () => {
    expect(() => readCase(join(folder, 'absent'))).toThrow(/absent\/request\.json: missing/);
  });
});
