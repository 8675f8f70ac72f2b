import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 30 * 60_000;

/** A newcomer's terminals: one for what ends, whose exports stay, and one more for each command that keeps running. */
export class Terminal {
  /** @param {string} folder where all are opened */
  constructor(folder) {
    this.folder = folder;
    this.stateFolder = mkdtempSync(join(tmpdir(), 'zimage-walk-'));
    this.open = [];
  }

  /** Runs a block to its end. Resolves with its exit code and all that it said. */
  async run(text) {
    const terminal = this.start(`${text}\nexport -p > ${this.stateFolder}/exports`);
    await terminal.ended;
    return { code: terminal.child.exitCode, output: terminal.output };
  }

  /** Starts a block that keeps running, in a terminal of its own; resolves when it has said so. */
  async serve(text, ready) {
    const terminal = this.start(text);
    this.open.push(terminal);
    await terminal.says(ready);
    return terminal;
  }

  /** Ctrl-C in each terminal where something still runs, the newest first; resolves with the exit codes. */
  async interrupt() {
    const codes = [];
    for (const { child, ended } of this.open.toReversed()) {
      if (child.exitCode === null) process.kill(-child.pid, 'SIGINT');
      await ended;
      codes.push(child.exitCode ?? child.signalCode);
    }
    rmSync(this.stateFolder, { recursive: true, force: true });
    return codes;
  }

  start(text) {
    const exports = `${this.stateFolder}/exports`;
    const script = `set -eo pipefail; [ ! -f ${exports} ] || . ${exports}\n${text}`;
    const child = spawn('bash', ['-c', script], {
      cwd: this.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const terminal = { child, output: '', ended: once(child, 'exit'), says };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (terminal.output += data));
    return terminal;

    async function says(pattern) {
      for (const end = Date.now() + patienceMs; !pattern.test(terminal.output); await sleep(100)) {
        if (child.exitCode !== null || Date.now() > end)
          throw new Error(`no ${pattern} in:\n${terminal.output.slice(-4000)}`);
      }
      return pattern.exec(terminal.output);
    }
  }
}
