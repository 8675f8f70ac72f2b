import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { EngineOptions, ImageRequest, StepCost } from '@app/inference';
import { EngineClosed, EngineCrashed, EngineKeepsDying, EngineRequestFailed, EngineUnusable } from './errors.js';
import { HangWatch } from './hang-watch.js';
import type { EncodedImage, EncodedPreview, HostCommand, HostEvent, OutputFormat } from './protocol.js';

const respawnDelayMs = { first: 100, max: 10_000 };
/** Hosts in a row that may die while they open their checkpoint. */
const maxFailedOpenings = 5;

export interface EngineHostOptions {
  /** Path of the compiled host.js. */
  entry: string;
  engine: EngineOptions;
  /** A host that is ready and shows no life, or makes no step, for this long hangs, and is killed. See {@link HangWatch}. */
  hangMs: number;
}

interface EngineHostEvents {
  ready: [pid: number, stepCost: StepCost];
  /** `killed`: by a SIGKILL that was not ours; the kernel's, for want of memory, most likely. */
  crash: [reason: string, killed: boolean];
  /** No further host is started. */
  unusable: [error: EngineUnusable | EngineKeepsDying];
}

/** What a run tells on its way. */
export interface RunObserver {
  onStep(step: number, steps: number): void;
  onPreview?(step: number, image: EncodedPreview): void;
}

interface Pending {
  command: HostCommand & { type: 'run' };
  /** The host that has this request; null while it waits for one to be ready. */
  host: ChildProcess | null;
  observer: RunObserver;
  resolve(image: EncodedImage): void;
  reject(error: Error): void;
}

/**
 * Supervises the engine host: starts it, gives it requests, starts another when it dies. All requests that a host held
 * when it died reject at once with {@link EngineCrashed}; requests that arrive while none is ready wait for the next.
 */
export class EngineHost extends EventEmitter<EngineHostEvents> {
  private readonly pending = new Map<number, Pending>();
  private child: ChildProcess | undefined;
  private ready = false;
  private closing = false;
  private lastId = 0;
  private crashesInARow = 0;
  private failedOpenings = 0;
  private failure: EngineUnusable | EngineKeepsDying | undefined;
  private readonly hangWatch: HangWatch;
  private respawnTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: EngineHostOptions) {
    super();
    const onHang = (reason: string): void => {
      const child = this.child;
      if (!child) return;
      this.lose(child, reason);
      child.kill('SIGKILL');
    };
    this.hangWatch = new HangWatch(options.hangMs, () => this.inHand, onHang);
  }

  /** Starts the first host; resolves when its engine is open and warm. Throws EngineUnusable or EngineKeepsDying. */
  async open(): Promise<void> {
    this.spawn();
    await this.whenReady();
  }

  /** Resolves while a host is ready, else when the next one is. Throws EngineUnusable or EngineKeepsDying. */
  async whenReady(): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.ready) return;
    const settled = new AbortController();
    try {
      await Promise.race([
        once(this, 'ready', { signal: settled.signal }),
        once(this, 'unusable', { signal: settled.signal }).then(([error]) => {
          throw error as EngineUnusable | EngineKeepsDying;
        }),
      ]);
    } finally {
      settled.abort();
    }
  }

  get isReady(): boolean {
    return this.ready;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Makes one image. Rejects with EngineCrashed, EngineRequestFailed, EngineClosed, or the signal's reason. */
  run(request: ImageRequest, output: OutputFormat, observer: RunObserver, signal: AbortSignal): Promise<EncodedImage> {
    if (signal.aborted) return Promise.reject(reasonOf(signal));
    if (this.closing) return Promise.reject(this.failure ?? new EngineClosed('the engine is closing'));
    const id = ++this.lastId;
    const onAbort = (): void => {
      const pending = this.settle(id);
      pending?.host?.send({ type: 'abort', id } satisfies HostCommand, ignoreClosedChannel);
      pending?.reject(reasonOf(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return new Promise<EncodedImage>((resolve, reject) => {
      const pending: Pending = { command: { type: 'run', id, request, output }, host: null, observer, resolve, reject };
      this.pending.set(id, pending);
      if (this.ready) this.submit(pending);
    }).finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Kills the host; what it still held rejects with {@link EngineClosed}. */
  async close(): Promise<void> {
    this.stop(new EngineClosed('the engine is closing'));
    const child = this.child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  private spawn(): void {
    // Without this process's own node flags: what its parent preloaded here is not meant for the host.
    const child = fork(this.options.entry, { serialization: 'advanced', execArgv: [] });
    this.child = child;
    child.on('message', (event: HostEvent) => this.receive(child, event));
    child.once('error', (error) => this.lose(child, error.message));
    child.once('exit', (code, signal) => this.lose(child, signal ?? `exit code ${code ?? 'unknown'}`));
    child.send({ type: 'open', options: this.options.engine } satisfies HostCommand, ignoreClosedChannel);
  }

  private receive(child: ChildProcess, event: HostEvent): void {
    // One that was given up for hanging may still speak while it dies.
    if (this.child !== child) return;
    this.hangWatch.heard();
    switch (event.type) {
      case 'ready':
        this.ready = true;
        this.failedOpenings = 0;
        // Not before: loading a large checkpoint is one native call, and may well be silent.
        this.hangWatch.start();
        for (const pending of this.pending.values()) this.submit(pending);
        this.emit('ready', child.pid ?? 0, event.stepCost);
        break;
      case 'open-failed':
        this.giveUp(new EngineUnusable(event.error));
        break;
      case 'heartbeat':
        break;
      case 'step':
        this.hangWatch.progressed();
        this.pending.get(event.id)?.observer.onStep(event.step, event.steps);
        break;
      case 'preview':
        this.pending.get(event.id)?.observer.onPreview?.(event.step, event.image);
        break;
      case 'image':
        this.crashesInARow = 0;
        this.hangWatch.progressed();
        this.settle(event.id)?.resolve(event.image);
        break;
      case 'error':
        this.hangWatch.progressed();
        this.settle(event.id)?.reject(new EngineRequestFailed(event.error));
        break;
    }
  }

  private get inHand(): number {
    let inHand = 0;
    for (const { host } of this.pending.values()) if (host !== null) inHand += 1;
    return inHand;
  }

  private submit(pending: Pending): void {
    if (this.inHand === 0) this.hangWatch.began();
    pending.host = this.child ?? null;
    pending.host?.send(pending.command, ignoreClosedChannel);
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private stop(reason: Error): void {
    this.closing = true;
    this.ready = false;
    this.hangWatch.stop();
    clearTimeout(this.respawnTimer);
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(reason);
  }

  /** No further host is started; what waits is told why. */
  private giveUp(failure: EngineUnusable | EngineKeepsDying): void {
    this.failure = failure;
    this.stop(failure);
    this.emit('unusable', failure);
  }

  private lose(child: ChildProcess, reason: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    if (!this.ready) this.failedOpenings += 1;
    this.ready = false;
    this.hangWatch.stop();
    if (this.closing) return;
    this.emit('crash', reason, reason === 'SIGKILL');
    for (const [id, { host }] of [...this.pending]) {
      if (host === child) this.settle(id)?.reject(new EngineCrashed(`the engine host died (${reason})`));
    }
    if (this.failedOpenings >= maxFailedOpenings) {
      this.giveUp(
        new EngineKeepsDying(`${this.failedOpenings} engine hosts died while they opened, the last by ${reason}`),
      );
      return;
    }
    const delayMs = Math.min(respawnDelayMs.first * 2 ** this.crashesInARow++, respawnDelayMs.max);
    this.respawnTimer = setTimeout(() => this.spawn(), delayMs);
  }
}

/** A send to a host that just died fails; its exit, reported separately, settles what it held. */
const ignoreClosedChannel = (): void => undefined;

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
