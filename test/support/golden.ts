import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from '../../libs/inference/src/tensor/tensor.js';

const root = join(import.meta.dirname, '../..');
const golden = join(root, 'test/golden');

/** A case of test/golden: what was asked, what diffusers computed. The format is in test/golden/README.md. */
export interface GoldenCase {
  name: string;
  folder: string;
  checkpoint: string;
  request: {
    prompts: string[];
    negative_prompt?: string | null;
    width: number;
    height: number;
    steps: number;
    guidance_scale: number;
    seed: number;
    sigmas: number[];
    timesteps: number[];
    model: string;
  };
  tensorNames: string[];
  tensor(name: string): Tensor;
}

export const textToImageCases = [
  'turbo-en',
  'turbo-zh',
  'turbo-wide-long',
  'turbo-pair-batch',
  'base-cfg',
  'tiny-base',
  'tiny-batch-mixed-captions',
  'tiny-guided-normalized',
] as const;

export const imageCases = [
  'img2img',
  'tiny-img2img',
  'tiny-img2img-guided',
  'tiny-inpaint',
  'tiny-inpaint-pair',
] as const;

export const editCases = ['edit-background', 'tiny-omni-edit', 'tiny-omni-two-images', 'tiny-omni-wide'] as const;

export function goldenCase(name: string): GoldenCase {
  const folder = join(golden, name);
  const request = JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8')) as GoldenCase['request'];
  const tensors = readTensors(join(folder, 'tensors.safetensors'));
  return {
    name,
    folder,
    checkpoint: checkpointOf(request.model),
    request,
    tensorNames: [...tensors.keys()],
    tensor(key) {
      const tensor = tensors.get(key);
      if (!tensor) throw new Error(`${name} has no tensor ${key}`);
      return tensor;
    },
  };
}

/** Folder of a checkpoint that the cases name: the small ones lie beside them, the trained ones under models/. */
export function checkpointOf(model: string): string {
  return model.startsWith('tiny-') ? join(golden, 'checkpoints', model) : join(root, 'models', model);
}

/** All tensors of a float32 safetensors file. */
export function readTensors(file: string): Map<string, Tensor> {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => {
          if (dtype !== 'F32') throw new Error(`${name} is ${dtype}`);
          const data = new Float32Array(Uint8Array.from(bytes.subarray(start + from, start + to)).buffer);
          return [name, new Tensor(data, shape)];
        },
      ),
  );
}

/** Largest absolute difference, and the same over the reference's root mean square. */
export function difference(actual: Float32Array, expected: Float32Array): { max: number; relative: number } {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values against ${expected.length}`);
  let max = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    const delta = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (!(delta <= max)) max = delta;
    squares += (expected[i] ?? 0) ** 2;
  }
  return { max, relative: max / Math.sqrt(squares / expected.length) };
}

/** Peak signal-to-noise ratio of two 8-bit images in dB; Infinity when equal. */
export function psnr(actual: Uint8Array, expected: Uint8Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} bytes against ${expected.length}`);
  let squares = 0;
  for (let i = 0; i < expected.length; i++) squares += ((actual[i] ?? 0) - (expected[i] ?? 0)) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / expected.length));
}
