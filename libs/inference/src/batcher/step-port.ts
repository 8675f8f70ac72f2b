import type { Tensor } from '../tensor/tensor.js';

/**
 * What the batcher runs: a pipeline seen as stages. A state is a value: `advance` returns the next one. At most one `evaluate`
 * is under way at once, beside it as many `prepare` as there are samples in a call, and `finishesAtOnce` of `finish` or one
 * `preview`.
 */
export interface StepPort<Request, State, Sample, Result, Preview> {
  /** Work of one step, in image tokens × guidance passes. It is the unit of the admission budget and of fair turns. */
  tokens(request: Request): number;
  /** Steps that a request runs. */
  steps(request: Request): number;
  /** Everything before the first step: text encoding, noise. */
  prepare(request: Request): Promise<State>;
  /** What the next step needs evaluated: one sample, two with guidance; none after the last step. */
  samples(state: State): readonly Sample[];
  /** Samples of equal layout may share a call. */
  layout(sample: Sample): string;
  /** One transformer call for samples of one layout; one output per sample. */
  evaluate(samples: readonly Sample[]): Promise<readonly Tensor[]>;
  /** The state after a step, from the outputs of its samples in their order. */
  advance(state: State, outputs: readonly Tensor[]): State;
  /** Everything after the last step: decoding. */
  finish(state: State): Promise<Result>;
  /** The result as a state after some step lets it be foreseen. */
  preview(state: State): Promise<Preview>;
}

export interface CallLimits {
  samplesPerCall: number;
  /** Beyond these a call takes no further sample: it would only keep its first one longer. */
  tokensPerCall: number;
}

export interface BatcherLimits extends CallLimits {
  /** Tokens admitted at once. A request above it runs when nothing else does. */
  tokenBudget: number;
  /** Requests that are finished together. */
  finishesAtOnce: number;
}

export interface RunOptions<Preview> {
  /** No other request shares a call with this one. */
  alone?: boolean;
  /** After each step of the request; 1-based. */
  onStep?: (step: number) => void;
  /** Steps between previews; absent or 0: none. */
  previewEvery?: number;
  /** A preview of the state after a step, never of the last; one that is not made before the next is due is left out. */
  onPreview?: (step: number, preview: Preview) => void;
  /** Takes the request out at the next boundary between stages; `run` rejects with its reason. */
  signal?: AbortSignal;
}

export interface BatchedResult<Result> {
  result: Result;
  /** From admission to the finished result. */
  computeMs: number;
  /** Distinct requests in this request's calls. */
  batch: { max: number; mean: number };
}
