import { availableParallelism } from 'node:os';
import type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { Tensor } from '../tensor/tensor.js';
import { checkProviders, fallbackSettings, providerError } from './execution-providers.js';
import { memoryErrorOr } from './out-of-memory.js';

export interface SessionOptions {
  /** ONNX Runtime execution providers in order of preference; default ['cpu']. Nothing runs on one that is not named. */
  executionProviders?: readonly string[] | undefined;
  /** Threads of one run; default: all cores. */
  threads?: number | undefined;
}

/** ONNX bytes and the folder that their external data locations are relative to. */
export interface SessionGraph {
  bytes: Uint8Array;
  root: string;
}

/** Integers as an int64 input. */
export interface Integers {
  integers: readonly number[];
}

/** The runtime is native and large: it is loaded by the first session, not by whoever imports this module. */
type Runtime = typeof import('onnxruntime-node');

/** One loaded graph. Only this folder knows ONNX Runtime. */
export class OnnxSession {
  private constructor(
    private readonly runtime: Runtime,
    private readonly session: InferenceSession,
  ) {}

  /** @throws ExecutionProviderError when a provider is unknown to this build or cannot start */
  static async open(
    graph: SessionGraph,
    { executionProviders = ['cpu'], threads = availableParallelism() }: SessionOptions = {},
  ): Promise<OnnxSession> {
    const runtime = await import('onnxruntime-node');
    checkProviders(
      runtime.listSupportedBackends().map(({ name }) => name),
      executionProviders,
    );
    const options: InferenceSession.SessionOptions = {
      executionProviders,
      intraOpNumThreads: threads,
      graphOptimizationLevel: 'all',
      extra: {
        session: {
          model_external_initializers_file_folder_path: graph.root,
          // Each session has threads of its own: those of the last one would spin beside those of the next.
          force_spinning_stop: '1',
          // The arena grows in powers of two: weights in it would take up to twice their size.
          use_device_allocator_for_initializers: '1',
          ...fallbackSettings(executionProviders),
        },
      },
    };
    try {
      return new OnnxSession(runtime, await runtime.InferenceSession.create(graph.bytes, options));
    } catch (cause) {
      throw providerError(executionProviders, cause) ?? cause;
    }
  }

  /** Runs the graph once. float32 outputs by name. Throws OutOfMemory. */
  async run<Output extends string>(
    inputs: Readonly<Record<string, Tensor | Integers>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Tensor>> {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [name, toOnnx(this.runtime, input)] as const),
    );
    const results = await this.session.run(feeds, outputs).catch((cause: unknown) => {
      throw memoryErrorOr(cause);
    });
    const named = outputs.map((name) => [name, fromOnnx(name, results[name])] as const);
    return Object.fromEntries(named) as Record<Output, Tensor>;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

function toOnnx(runtime: Runtime, input: Tensor | Integers): OnnxTensor {
  if (input instanceof Tensor) return new runtime.Tensor('float32', input.data, input.dims);
  return new runtime.Tensor('int64', BigInt64Array.from(input.integers, BigInt), [input.integers.length]);
}

function fromOnnx(name: string, output: OnnxTensor | undefined): Tensor {
  if (output?.data instanceof Float32Array) return new Tensor(output.data, output.dims);
  throw new TypeError(`output ${name} is not float32`);
}
