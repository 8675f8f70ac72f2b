import { fork } from 'node:child_process';
import { once } from 'node:events';

const preload = new URL('../../dist/apps/cli/src/embedded/exit-with-parent.js', import.meta.url).href;
const keptLog = 20_000;

/** One process of the fleet. It is started again at once when it dies, until it is told to stop. */
export class FleetProcess {
  constructor(entry, environment) {
    this.entry = entry;
    this.environment = environment;
    this.log = '';
    this.restarts = true;
    this.spawn();
  }

  get pid() {
    return this.child.pid;
  }

  /** Resolves when the process that runs now serves. */
  async ready() {
    await this.serving;
  }

  kill(signal) {
    this.child.kill(signal);
  }

  /** Not started again when it dies; resolves with its exit code and signal. */
  async stop(signal = 'SIGTERM') {
    this.restarts = false;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(kill);
    return this.child.exitCode;
  }

  spawn() {
    const child = fork(this.entry, {
      env: { ...process.env, NODE_OPTIONS: '', ...this.environment },
      execArgv: ['--import', preload],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    this.serving = new Promise((resolve) => {
      child.on('message', (message) => {
        if (message?.type === 'ready') resolve(undefined);
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (this.log = (this.log + chunk).slice(-keptLog)));
    }
    child.once('exit', () => {
      if (this.restarts) this.spawn();
    });
  }
}
