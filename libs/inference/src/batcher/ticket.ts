import type { Tensor } from '../tensor/tensor.js';
import type { Place } from './fair-order.js';
import type { BatchedResult, RunOptions } from './step-port.js';

/** Where a request stands; it goes through these in order. */
type Phase<State, Sample> =
  | { at: 'waiting' | 'admitted' }
  | {
      at: 'stepping';
      state: State;
      samples: readonly Sample[];
      /** By the samples' order; a guidance pair of two layouts is filled by two calls. */
      outputs: (Tensor | null)[];
    }
  | { at: 'finishing'; state: State };

/** One request inside the batcher, from `run` to its result. */
export class Ticket<Request, State, Sample, Result, Preview> {
  phase: Phase<State, Sample> = { at: 'waiting' };
  /** From admission on. */
  place: Place = { ends: Infinity };
  /** A preview that is due; a newer one takes its place. */
  duePreview: { step: number; state: State } | null = null;
  readonly settled: Promise<BatchedResult<Result>>;
  reject!: (reason: unknown) => void;
  private resolve!: (result: BatchedResult<Result>) => void;
  private admittedAt = 0;
  private steps = 0;
  /** For each of its calls: the requests in it. */
  private readonly batchSizes: number[] = [];

  constructor(
    readonly id: number,
    readonly request: Request,
    readonly tokens: number,
    readonly options: RunOptions<Preview>,
  ) {
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  admit(place: Place): void {
    this.phase = { at: 'admitted' };
    this.place = place;
    this.admittedAt = performance.now();
  }

  /** Puts the request before its next step, or before its end when there are no samples left. */
  enter(state: State, samples: readonly Sample[]): void {
    const { previewEvery = 0 } = this.options;
    const previewDue = previewEvery > 0 && this.steps > 0 && this.steps % previewEvery === 0;
    if (samples.length === 0) this.duePreview = null;
    else if (previewDue) this.duePreview = { step: this.steps, state };
    this.phase =
      samples.length === 0
        ? { at: 'finishing', state }
        : { at: 'stepping', state, samples, outputs: samples.map(() => null) };
  }

  /** The samples of the current step that have no output yet. */
  pending(): { sample: Sample; index: number; tokens: number }[] {
    const { phase } = this;
    if (phase.at !== 'stepping') return [];
    const tokens = this.tokens / phase.samples.length;
    return phase.samples
      .map((sample, index) => ({ sample, index, tokens }))
      .filter(({ index }) => phase.outputs[index] === null);
  }

  /** Takes the output of one sample; when the step has all of its outputs, returns them with the state before it. */
  receive(index: number, output: Tensor): { state: State; outputs: Tensor[] } | null {
    const { phase } = this;
    if (phase.at !== 'stepping') return null;
    phase.outputs[index] = output;
    const outputs = phase.outputs.filter((each) => each !== null);
    return outputs.length === phase.samples.length ? { state: phase.state, outputs } : null;
  }

  noteCall(requests: number): void {
    this.batchSizes.push(requests);
  }

  /** Counts a step that was made, before the state after it is entered. */
  noteStep(): void {
    this.steps += 1;
    this.options.onStep?.(this.steps);
  }

  complete(result: Result): void {
    const total = this.batchSizes.reduce((sum, size) => sum + size, 0);
    this.resolve({
      result,
      computeMs: performance.now() - this.admittedAt,
      batch: { max: Math.max(0, ...this.batchSizes), mean: total / Math.max(1, this.batchSizes.length) },
    });
  }
}
