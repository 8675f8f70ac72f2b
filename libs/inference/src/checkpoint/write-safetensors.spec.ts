import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readTensors } from '../../../../test/support/golden.js';
import { Tensor } from '../tensor/tensor.js';
import { writeSafetensors } from './write-safetensors.js';

it('writes tensors, views of larger ones too, that are read back equal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zimage-tensors-'));
  const rows = new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
  const tensors = { latents: rows, velocity0: rows.slice(1, 3), empty: new Tensor(new Float32Array(0), [0, 4]) };
  writeSafetensors(join(folder, 'tensors.safetensors'), tensors);
  const read = readTensors(join(folder, 'tensors.safetensors'));
  rmSync(folder, { recursive: true });
  expect([...read.keys()]).toEqual(Object.keys(tensors));
  for (const [name, { data, dims }] of Object.entries(tensors)) {
    expect(read.get(name)!.dims).toEqual(dims);
    expect(Array.from(read.get(name)!.data)).toEqual(Array.from(data));
  }
});
