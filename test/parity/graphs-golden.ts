import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensorsHeader } from '../../libs/inference/src/checkpoint/safetensors-header.js';
import { Tensor } from '../../libs/inference/src/tensor/tensor.js';

const golden = join(import.meta.dirname, '../golden');
const models = join(import.meta.dirname, '../../models');

/** A case of test/golden: what was asked and the tensors that diffusers made. */
export interface GoldenCase {
  checkpoint: string;
  prompts: string[];
  sigmas: number[];
  tensors: ReadonlyMap<string, Tensor>;
}

export function goldenCase(name: string): GoldenCase {
  const request = JSON.parse(readFileSync(join(golden, name, 'request.json'), 'utf8')) as {
    model: string;
    prompts: string[];
    sigmas: number[];
  };
  const own = join(golden, 'checkpoints', request.model);
  return {
    checkpoint: existsSync(own) ? own : join(models, request.model),
    prompts: request.prompts,
    sigmas: request.sigmas,
    tensors: readTensors(join(golden, name, 'tensors.safetensors')),
  };
}

/** Every float32 tensor of a .safetensors file. */
export function readTensors(path: string): ReadonlyMap<string, Tensor> {
  const descriptor = openSync(path, 'r');
  try {
    return new Map(
      readSafetensorsHeader(path, path).map(({ name, dims, offset, byteLength }) => {
        const data = new Float32Array(byteLength / 4);
        readSync(descriptor, new Uint8Array(data.buffer), 0, byteLength, offset);
        return [name, new Tensor(data, dims)];
      }),
    );
  } finally {
    closeSync(descriptor);
  }
}

/** max |Δ| over the rms of the expected tensor. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  if (actual.data.length !== expected.data.length) throw new RangeError('sizes differ');
  const rms = Math.sqrt(expected.data.reduce((sum, value) => sum + value * value, 0) / expected.data.length);
  return expected.data.reduce((max, value, i) => Math.max(max, Math.abs(value - actual.data[i]!)), 0) / rms;
}
