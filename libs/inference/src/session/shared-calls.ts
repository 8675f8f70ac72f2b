import type { Tensor } from '../tensor/tensor.js';

export interface Sharing<Sample> {
  /** Samples may share a call when this is equal. */
  layout: (sample: Sample) => string;
  /** Samples like this one that a call may hold. */
  most: (sample: Sample) => number;
}

interface Waiting<Sample> {
  sample: Sample;
  resolve: (output: Tensor) => void;
  reject: (reason: unknown) => void;
}

/**
 * Calls of a network one after the other, each with all samples that wait by then and are like the one that has waited
 * longest. Samples asked for in one turn of the event loop share their first call.
 */
export class SharedCalls<Sample> {
  private waiting: Waiting<Sample>[] = [];
  private working = false;

  /** @param call runs the network; its result has a row for each sample */
  constructor(
    private readonly call: (samples: readonly Sample[]) => Promise<Tensor>,
    private readonly sharing: Sharing<Sample>,
  ) {}

  /** The sample's row. Rejects with the call's error, as do those that shared it. */
  run(sample: Sample): Promise<Tensor> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ sample, resolve, reject });
      if (!this.working) void this.callUntilNoneWait();
    });
  }

  private async callUntilNoneWait(): Promise<void> {
    this.working = true;
    await Promise.resolve();
    for (let sharers = this.takeNext(); sharers.length > 0; sharers = this.takeNext()) {
      try {
        const outputs = await this.call(sharers.map(({ sample }) => sample));
        for (const [i, { resolve }] of sharers.entries()) resolve(outputs.row(i));
      } catch (error) {
        for (const { reject } of sharers) reject(error);
      }
    }
    this.working = false;
  }

  private takeNext(): Waiting<Sample>[] {
    const [first] = this.waiting;
    if (!first) return [];
    const layout = this.sharing.layout(first.sample);
    const alike = this.waiting.filter(({ sample }) => this.sharing.layout(sample) === layout);
    const taken = alike.slice(0, Math.max(1, this.sharing.most(first.sample)));
    this.waiting = this.waiting.filter((each) => !taken.includes(each));
    return taken;
  }
}
