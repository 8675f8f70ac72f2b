const stateSize = 624;
const shiftSize = 397;

/**
 * Mersenne Twister 19937 as torch's CPU generator runs it (aten/src/ATen/core/MT19937RNGEngine.h): of a 64-bit seed the low
 * 32 bits count; a negative seed counts as its two's complement.
 */
export class Mt19937 {
  private readonly state = new Uint32Array(stateSize);
  private next = stateSize;

  constructor(seed: number | bigint) {
    this.state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < stateSize; i++) {
      const previous = this.at(i - 1);
      this.state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The next 32 uniform bits. */
  uint32(): number {
    if (this.next === stateSize) this.twist();
    let y = this.at(this.next++);
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private twist(): void {
    for (let i = 0; i < stateSize; i++) {
      const y = (this.at(i) & 0x80000000) | (this.at((i + 1) % stateSize) & 0x7fffffff);
      this.state[i] = this.at((i + shiftSize) % stateSize) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }

  private at(index: number): number {
    return this.state[index] ?? 0;
  }
}
