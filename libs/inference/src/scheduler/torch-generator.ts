import { Mt19937 } from './mt19937.js';

const blockSize = 16;
const half = blockSize / 2;

/**
 * `torch.Generator("cpu").manual_seed(seed)` as torch.randn draws from it (aten/src/ATen/native/cpu/DistributionTemplates.h).
 * torch's vectorised log, sin and cos round differently in the last bits, so values agree to about 1e-6, not to the bit.
 */
export class TorchGenerator {
  private readonly bits: Mt19937;
  /** The second value of a pair whose first one was asked for alone. */
  private spare: number | null = null;

  constructor(seed: number | bigint) {
    this.bits = new Mt19937(seed);
  }

  /** The next `count` normal values, as one call of torch.randn draws them, float32. */
  randn(count: number): Float32Array {
    return count < blockSize
      ? Float32Array.from({ length: count }, () => this.normal())
      : this.blockNormals(new Float32Array(count));
  }

  /** From 16 values on: uniforms for all, then Box–Muller in place over blocks of 8 + 8. */
  private blockNormals(values: Float32Array): Float32Array {
    const count = values.length;
    this.fillUniform24(values);
    for (let start = 0; start + blockSize <= count; start += blockSize) boxMuller(values, start);
    // A tail shorter than a block is not transformed: the last 16 values are drawn anew and overwrite what they overlap.
    if (count % blockSize !== 0) {
      this.fillUniform24(values.subarray(count - blockSize));
      boxMuller(values, count - blockSize);
    }
    return values;
  }

  private fillUniform24(values: Float32Array): void {
    for (let i = 0; i < values.length; i++) values[i] = (this.bits.uint32() & 0xffffff) * 2 ** -24;
  }

  /** Below 16 values: pairs from two 53-bit uniforms in float64, cosine first. */
  private normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const angle = 2 * Math.PI * this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  private uniform53(): number {
    const high = this.bits.uint32() & 0x1fffff;
    return (high * 2 ** 32 + this.bits.uint32()) * 2 ** -53;
  }
}

function boxMuller(values: Float32Array, start: number): void {
  for (let i = start; i < start + half; i++) {
    const radius = Math.fround(Math.sqrt(-2 * Math.log(1 - (values[i] ?? 0))));
    const angle = Math.fround(2 * Math.PI * (values[i + half] ?? 0));
    values[i] = radius * Math.cos(angle);
    values[i + half] = radius * Math.sin(angle);
  }
}
