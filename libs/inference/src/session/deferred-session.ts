import { OnnxSession, type SessionGraph, type SessionOptions } from './onnx-session.js';

/** A graph that is loaded by its first run, for networks that many processes never use. */
export class DeferredSession implements Pick<OnnxSession, 'run' | 'close'> {
  private opened: Promise<OnnxSession> | null = null;

  constructor(
    private readonly graph: SessionGraph,
    private readonly options: SessionOptions = {},
  ) {}

  /** As `OnnxSession.run`. @throws ExecutionProviderError from the first run */
  readonly run: OnnxSession['run'] = async (inputs, outputs) => {
    this.opened ??= OnnxSession.open(this.graph, this.options);
    return (await this.opened).run(inputs, outputs);
  };

  async close(): Promise<void> {
    await (await this.opened)?.close();
  }
}
