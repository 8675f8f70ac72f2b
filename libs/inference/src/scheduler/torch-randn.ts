import { Mt19937 } from './mt19937.js';

const blockSize = 16;
const half = blockSize / 2;

/**
 * `torch.randn(count, generator=torch.Generator("cpu").manual_seed(seed))` as float32
 * (aten/src/ATen/native/cpu/DistributionTemplates.h). torch's vectorised log, sin and cos round differently in the last
 * bits, so values agree to about 1e-6, not to the bit.
 */
export function torchRandn(count: number, seed: number | bigint): Float32Array {
  const generator = new Mt19937(seed);
  return count < blockSize ? scalarNormals(generator, count) : blockNormals(generator, count);
}

/** From 16 values on: uniforms for all, then Box–Muller in place over blocks of 8 + 8. */
function blockNormals(generator: Mt19937, count: number): Float32Array {
  const values = new Float32Array(count);
  fillUniform24(generator, values);
  for (let start = 0; start + blockSize <= count; start += blockSize) boxMuller(values, start);
  // A tail shorter than a block is not transformed: the last 16 values are drawn anew and overwrite what they overlap.
  if (count % blockSize !== 0) {
    fillUniform24(generator, values.subarray(count - blockSize));
    boxMuller(values, count - blockSize);
  }
  return values;
}

function fillUniform24(generator: Mt19937, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = (generator.uint32() & 0xffffff) * 2 ** -24;
}

function boxMuller(values: Float32Array, start: number): void {
  for (let i = start; i < start + half; i++) {
    const radius = Math.fround(Math.sqrt(-2 * Math.log(1 - (values[i] ?? 0))));
    const angle = Math.fround(2 * Math.PI * (values[i + half] ?? 0));
    values[i] = radius * Math.cos(angle);
    values[i + half] = radius * Math.sin(angle);
  }
}

/** Below 16 values: pairs from two 53-bit uniforms in float64, cosine first. */
function scalarNormals(generator: Mt19937, count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const angle = 2 * Math.PI * uniform53(generator);
    const radius = Math.sqrt(-2 * Math.log1p(-uniform53(generator)));
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

function uniform53(generator: Mt19937): number {
  const high = generator.uint32() & 0x1fffff;
  return (high * 2 ** 32 + generator.uint32()) * 2 ** -53;
}
