import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import { InferenceError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkProviders, providerError } from './execution-providers.js';
import { memoryErrorOr } from './out-of-memory.js';
import { sessionSettings } from './session-settings.js';
import type { Integers, Session, SessionGraph, SessionOptions } from './session.js';
import { fromOutputs, toInputs, type OnnxInput, type OnnxOutput } from './tensors.js';

/** A thread of sessions ended before it answered. What it held is lost; another engine can do it. */
export class SessionThreadEnded extends InferenceError {
  readonly code = 'session_thread_ended';
  readonly retryable = true;
}

/** What the thread is asked for; it answers each with its result, or with the message of its error. */
type Request =
  | { type: 'providers' }
  | { type: 'open'; session: number; bytes: Uint8Array; settings: InferenceSession.SessionOptions }
  | { type: 'run'; session: number; inputs: Record<string, OnnxInput>; outputs: readonly string[] };
type Answer = { id: number } & ({ result: unknown } | { error: string });

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * A thread for sessions that are to run beside the caller's own: `run` waits without holding its event loop up. Sessions of
 * one thread run one after the other. It keeps the process alive while it has something to do.
 */
export class SessionThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private ended: SessionThreadEnded | null = null;

  /**
   * @param name what its sessions are for, as errors and debuggers show it
   * @param entry the module that the thread runs
   */
  constructor(
    private readonly name: string,
    entry = new URL('./session-thread-entry.mjs', import.meta.url),
  ) {
    // Without this process's own node flags: what is preloaded here is not meant for the thread.
    this.worker = new Worker(entry, { name, execArgv: [] });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => this.settle(answer));
    this.worker.on('error', (cause) => this.end(`failed: ${cause.message}`, { cause }));
    this.worker.on('exit', (code) => this.end(`ended with code ${code}`));
  }

  /** @throws ExecutionProviderError when a provider is unknown to this build or cannot start; SessionThreadEnded */
  async open(graph: SessionGraph, options: SessionOptions = {}): Promise<Session> {
    const { executionProviders = ['cpu'] } = options;
    checkProviders((await this.ask({ type: 'providers' })) as string[], executionProviders);
    const session = ++this.lastId;
    const settings = sessionSettings(graph.root, options);
    await this.ask({ type: 'open', session, bytes: graph.bytes, settings }).catch((cause: unknown) => {
      throw providerError(executionProviders, cause) ?? cause;
    });
    return new ThreadSession(session, (request) => this.ask(request));
  }

  /** Ends the thread and its sessions once it has done what it was asked for. */
  async close(): Promise<void> {
    if (this.ended) return;
    const exit = once(this.worker, 'exit');
    this.worker.ref();
    this.worker.postMessage({ type: 'end' });
    await exit;
  }

  /**
   * Buffers are copied to the thread, none is transferred: once a buffer of this one was detached, V8's loops over typed
   * arrays look before every access whether theirs is, and take twice as long.
   */
  private ask(request: Request): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.worker.postMessage({ id, ...request });
      this.pending.set(id, { resolve, reject });
      this.worker.ref();
    });
  }

  private settle(answer: Answer): void {
    const pending = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if (this.pending.size === 0) this.worker.unref();
    if ('error' in answer) pending?.reject(new Error(answer.error));
    else pending?.resolve(answer.result);
  }

  private end(how: string, options?: ErrorOptions): void {
    this.ended ??= new SessionThreadEnded(`the thread for ${this.name} ${how}`, options);
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }
}

/** A graph in a thread. */
class ThreadSession implements Session {
  constructor(
    private readonly session: number,
    private readonly ask: (request: Request) => Promise<unknown>,
  ) {}

  async run<Output extends string>(
    inputs: Readonly<Record<string, Tensor | Integers>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Tensor>> {
    const whole = toInputs(inputs, (input) => ({ ...input, data: ownBuffer(input.data) }));
    const request = { type: 'run', session: this.session, inputs: whole, outputs } as const;
    const results = await this.ask(request).catch((cause: unknown) => {
      throw memoryErrorOr(cause);
    });
    return fromOutputs(outputs, results as Record<Output, OnnxOutput>);
  }
}

/** The same values, filling their buffer: of a view all of it would be copied. */
function ownBuffer(data: OnnxInput['data']): OnnxInput['data'] {
  return data.byteLength === data.buffer.byteLength ? data : data.slice();
}
