import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ServiceError } from '@app/common/errors.js';
import { readLog } from './log-lines.js';

/** A process of the embedded mode did not come up; the message is its own last error. */
export class ProcessStartFailed extends ServiceError {
  readonly code = 'process_start_failed';
}

export interface ProcessOptions {
  /** Short name for the log. */
  name: string;
  /** Path of the compiled entry point. */
  entry: string;
  environment: Record<string, string>;
  log: (line: string) => void;
  /** How long it may take from SIGTERM to its end. */
  graceMs: number;
}

const restartDelayMs = { first: 200, max: 10_000 };
const settledMs = 10_000;
const preload = new URL('./exit-with-parent.js', import.meta.url).href;

/** A child that says `{type: 'ready'}` over its channel when it serves, and is started again when it dies after that. */
export class SupervisedProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restarts = 0;
  private restartTimer: NodeJS.Timeout | undefined;
  private lastError = '';

  constructor(private readonly options: ProcessOptions) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Resolves when the child is ready. Throws {@link ProcessStartFailed} when it ends instead. */
  async start(): Promise<void> {
    const child = this.fork();
    await new Promise<void>((resolve, reject) => {
      // 'close', not 'exit': by then its log has been read to the end.
      child.once('close', (code, signal) => {
        const reason = this.lastError || `ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`;
        reject(new ProcessStartFailed(`${this.options.name}: ${reason}`));
      });
      child.on('message', (message) => {
        if (isReady(message)) resolve();
      });
    });
    if (!this.stopping) this.keepAlive(child);
  }

  /** SIGTERM, then SIGKILL when the grace period is over. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    const child = this.child;
    if (!child || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), this.options.graceMs);
    await exited;
    clearTimeout(kill);
  }

  private fork(): ChildProcess {
    const { entry, environment, name, log } = this.options;
    const child = fork(entry, {
      env: { ...process.env, ...environment },
      execArgv: [...process.execArgv, '--import', preload],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) {
        readLog(stream, name, (line, text, isError) => {
          if (isError) this.lastError = text;
          log(line);
        });
      }
    }
    return child;
  }

  private keepAlive(child: ChildProcess): void {
    const startedAt = Date.now();
    const onExit = (): void => {
      if (this.stopping) return;
      if (Date.now() - startedAt > settledMs) this.restarts = 0;
      const delayMs = Math.min(restartDelayMs.first * 2 ** this.restarts++, restartDelayMs.max);
      this.options.log(`${this.options.name} ended (${child.signalCode ?? child.exitCode ?? '?'}), starting it again`);
      this.restartTimer = setTimeout(() => this.keepAlive(this.fork()), delayMs);
    };
    if (hasEnded(child)) onExit();
    else child.once('exit', onExit);
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const isReady = (message: unknown): boolean => (message as { type?: unknown } | null)?.type === 'ready';
