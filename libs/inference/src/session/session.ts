import type { Tensor } from '../tensor/tensor.js';

export interface SessionOptions {
  /** ONNX Runtime execution providers in order of preference; default ['cpu']. Nothing runs on one that is not named. */
  executionProviders?: readonly string[] | undefined;
  /** stored: nothing is made of the weights when the graph is loaded; nor of what else is constant in it. Default: computed. */
  weights?: 'computed' | 'stored' | undefined;
  /** Threads of one run; default: all cores. */
  threads?: number | undefined;
  /** Microseconds that a thread of a run looks for further work before it sleeps; default 0. */
  spinUs?: number | undefined;
}

/** ONNX bytes and the folder that their external data locations are relative to. */
export interface SessionGraph {
  bytes: Uint8Array;
  root: string;
}

/** Integers as an int64 input, of one axis unless `dims` says otherwise. */
export interface Integers {
  integers: readonly number[];
  dims?: readonly number[];
}

/** One loaded graph, wherever it runs. */
export interface Session {
  /** Runs the graph once. float32 outputs by name. Throws OutOfMemory; SessionThreadEnded where the graph has a thread. */
  run<Output extends string>(
    inputs: Readonly<Record<string, Tensor | Integers>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Tensor>>;
}
