import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointOf } from './golden.js';
import { writeSafetensors } from './safetensors.js';

type StoredType = 'F32' | 'F16' | 'BF16';
/** component → file → tensor → type and shape. */
type WeightLayout = Record<string, Record<string, Record<string, [StoredType, number[]]>>>;

export const randomCheckpoints = join(import.meta.dirname, '../golden/random');

/**
 * Writes a checkpoint of test/golden/random with its weights, which the repository does not hold: they follow from their
 * names, as in test/references/random_weights.py. They are of at most 8 significant bits: every type holds them, and `storedType` takes the place of that of each.
 */
export function writeRandomCheckpoint(name: string, folder: string, storedType?: StoredType): void {
  cpSync(join(randomCheckpoints, name), folder, { recursive: true });
  copyFileSync(join(checkpointOf('tiny-t2i'), 'tokenizer/tokenizer.json'), join(folder, 'tokenizer/tokenizer.json'));
  const layout = JSON.parse(readFileSync(join(folder, 'weights.json'), 'utf8')) as WeightLayout;
  for (const [component, files] of Object.entries(layout)) {
    for (const [file, tensors] of Object.entries(files)) {
      const content = Object.entries(tensors).map(([key, [ownType, shape]]) => {
        const dtype = storedType ?? ownType;
        const bytes = bytesOf(dtype, randomWeight(`${name}/${component}/${key}`, shape));
        return [key, { dtype, shape, bytes }] as const;
      });
      writeSafetensors(join(folder, component, file), Object.fromEntries(content));
    }
    const shards = Object.keys(files);
    const stem = shards[0]?.replace(/-00001-of-\d+/, '') ?? '';
    if (shards.length > 1) writeIndex(join(folder, component, stem), files);
  }
}

function writeIndex(file: string, shards: WeightLayout[string]): void {
  const entries = Object.entries(shards).flatMap(([shard, tensors]) =>
    Object.keys(tensors).map((key): [string, string] => [key, shard]),
  );
  writeFileSync(`${file}.index.json`, JSON.stringify({ metadata: {}, weight_map: Object.fromEntries(entries) }));
}

function randomWeight(path: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const { factor, offset } = scaleOf(path, shape);
  const seed = fnv1a(path);
  return Float32Array.from({ length: count }, (_, i) => offset + factor * uniform(seed, i));
}

function scaleOf(path: string, shape: readonly number[]): { factor: number; offset: number } {
  if (path.endsWith('pad_token')) return { factor: 4, offset: 0 };
  if (path.endsWith('bias')) return { factor: 1 / 4, offset: 0 };
  if (shape.length === 1) return { factor: 1 / 2, offset: 1 };
  if (path.endsWith('embed_tokens.weight')) return { factor: 1, offset: 0 };
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  return { factor: 2 ** Math.round(Math.log2(1.75 / Math.sqrt(fanIn))), offset: 0 };
}

/** A multiple of 1/64 in [−1, 1). */
function uniform(seed: number, index: number): number {
  let h = (seed + Math.imul(index, 0x9e3779b1)) >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return ((h >>> 25) - 64) / 64;
}

function fnv1a(text: string): number {
  return Uint8Array.from(Buffer.from(text)).reduce(
    (state, byte) => Math.imul(state ^ byte, 0x01000193) >>> 0,
    0x811c9dc5,
  );
}

/** Exact for these values: at most 8 significant bits, and no smaller than float16 holds. */
function bytesOf(type: StoredType, values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer);
  if (type === 'F32') return new Uint8Array(values.buffer);
  const words = Uint16Array.from(bits, (word) => (type === 'BF16' ? word >>> 16 : halfOf(word)));
  return new Uint8Array(words.buffer);
}

/** The float16 of a float32, both as bits. */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  if ((word & 0x7fffffff) === 0) return sign;
  const exponent = ((word >>> 23) & 0xff) - 127;
  const fraction = (word >>> 13) & 0x3ff;
  if (exponent >= -14) return sign | ((exponent + 15) << 10) | fraction;
  return sign | ((0x400 | fraction) >>> (-14 - exponent));
}
