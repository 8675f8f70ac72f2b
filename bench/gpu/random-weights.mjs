/** Random bfloat16 weights, written as sharded safetensors without ever holding more than a few megabytes. */
import { Buffer } from 'node:buffer';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const bytesPerValue = 2;
/** Values that are drawn once and cut up for every tensor; a prime count, so that tensors differ. */
const poolValues = 4_194_301;

/**
 * @typedef {{ name: string, dims: readonly number[] }} WeightShape
 * @param {string} folder of the component
 * @param {string} stem file name without extension
 * @param {WeightShape[]} weights
 * @param {number} shardBytes most bytes of weights in a file
 * @returns {number} bytes of all weights
 */
export function writeRandomWeights(folder, stem, weights, shardBytes) {
  const shards = [[]];
  let filled = 0;
  for (const weight of weights) {
    const bytes = bytesOf(weight);
    if (filled > 0 && filled + bytes > shardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1).push(weight);
    filled += bytes;
  }
  const fileOf = (i) =>
    shards.length === 1
      ? `${stem}.safetensors`
      : `${stem}-${String(i + 1).padStart(5, '0')}-of-${String(shards.length).padStart(5, '0')}.safetensors`;
  for (const [i, shard] of shards.entries()) writeShard(join(folder, fileOf(i)), shard);

  const total = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
  if (shards.length > 1) {
    const weight_map = Object.fromEntries(shards.flatMap((shard, i) => shard.map(({ name }) => [name, fileOf(i)])));
    const index = { metadata: { total_size: total }, weight_map };
    writeFileSync(join(folder, `${stem}.safetensors.index.json`), JSON.stringify(index, null, 2));
  }
  return total;
}

function writeShard(file, weights) {
  let end = 0;
  const entries = weights.map((weight) => {
    const start = end;
    end += bytesOf(weight);
    return [weight.name, { dtype: 'BF16', shape: weight.dims, data_offsets: [start, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const descriptor = openSync(file, 'w');
  try {
    for (const bytes of [length, header]) writeSync(descriptor, bytes);
    for (const weight of weights) writeValues(descriptor, weight);
  } finally {
    closeSync(descriptor);
  }
}

/** From the pool, beginning at a place that follows from the name. */
function writeValues(descriptor, weight) {
  const pool = poolOf(weight);
  let at =
    ([...weight.name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7) % poolValues) *
    bytesPerValue;
  for (let left = bytesOf(weight); left > 0;) {
    const part = pool.subarray(at, at + left);
    writeSync(descriptor, part);
    left -= part.length;
    at = 0;
  }
}

const pools = new Map();

/** Uniform in ± factor: norms are near 1, products keep the size of what they multiply. */
function poolOf({ name, dims }) {
  const isNorm = dims.length === 1 && name.endsWith('weight');
  const factor = isNorm
    ? 0.125
    : 2 ** Math.round(Math.log2(Math.sqrt(3 / dims.slice(1).reduce((a, b) => a * b, 1))) - (dims.length === 1 ? 4 : 0));
  const key = `${isNorm}${factor}`;
  const pool = pools.get(key) ?? drawn(isNorm ? 1 : 0, factor);
  pools.set(key, pool);
  return pool;
}

function drawn(offset, factor) {
  const values = new Float32Array(1);
  const bits = new Uint32Array(values.buffer);
  let state = 0x9e3779b9;
  const words = Uint16Array.from({ length: poolValues }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[0] = offset + factor * (state / 2 ** 31 - 1);
    return bits[0] >>> 16;
  });
  return Buffer.from(words.buffer);
}

const bytesOf = ({ dims }) => dims.reduce((product, dim) => product * dim, bytesPerValue);
