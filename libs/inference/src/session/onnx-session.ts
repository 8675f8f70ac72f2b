import type { InferenceSession } from 'onnxruntime-node';
import type { Tensor } from '../tensor/tensor.js';
import { checkProviders, providerError } from './execution-providers.js';
import { memoryErrorOr } from './out-of-memory.js';
import { sessionSettings } from './session-settings.js';
import type { Integers, Session, SessionGraph, SessionOptions } from './session.js';
import { fromOutputs, toInputs } from './tensors.js';

/** The runtime is native and large: it is loaded by the first session, not by whoever imports this module. */
type Runtime = typeof import('onnxruntime-node');

/** A graph that runs on the thread that opened it, whose event loop stands still meanwhile. */
export class OnnxSession implements Session {
  private constructor(
    private readonly runtime: Runtime,
    private readonly session: InferenceSession,
  ) {}

  /** @throws ExecutionProviderError when a provider is unknown to this build or cannot start */
  static async open(graph: SessionGraph, options: SessionOptions = {}): Promise<OnnxSession> {
    const { executionProviders = ['cpu'] } = options;
    const runtime = await import('onnxruntime-node');
    checkProviders(
      runtime.listSupportedBackends().map(({ name }) => name),
      executionProviders,
    );
    try {
      const session = await runtime.InferenceSession.create(graph.bytes, sessionSettings(graph.root, options));
      return new OnnxSession(runtime, session);
    } catch (cause) {
      throw providerError(executionProviders, cause) ?? cause;
    }
  }

  async run<Output extends string>(
    inputs: Readonly<Record<string, Tensor | Integers>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Tensor>> {
    const { Tensor } = this.runtime;
    const feeds = toInputs(inputs, ({ type, data, dims }) => new Tensor(type, data, dims));
    try {
      return fromOutputs(outputs, await this.session.run(feeds, outputs));
    } catch (cause) {
      throw memoryErrorOr(cause);
    }
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
