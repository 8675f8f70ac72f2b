import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal } from '../../libs/common/src/contracts/job-states.js';
import { ZImageClient, type GenerationBody, type JobDocument } from '../../clients/typescript/src/index.js';
import { freePort } from '../../apps/cli/src/embedded/port.js';

export interface Summary {
  url: string;
  apiKey: string;
  redisUrl: string;
  webhookSecret: string;
  workers: { pid: number; model: string }[];
}

export interface ServeOptions {
  workers?: string;
  dataDir?: string;
  port?: number;
  environment?: Record<string, string>;
}

/** `npm run -s serve` as a process, before anybody knows whether it will come up. */
export class ServeProcess {
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** What it says on stderr, for when a test fails. */
  log = '';
  private readonly ownsData: boolean;

  constructor(port: number, { workers, dataDir, environment }: ServeOptions = {}) {
    this.ownsData = dataDir === undefined;
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), 'zimage-serve-'));
    const flags = [
      '--json',
      '--port',
      String(port),
      '--data',
      this.dataDir,
      ...(workers ? ['--workers', workers] : []),
    ];
    this.process = spawn('npm', ['run', '-s', 'serve', '--', ...flags], {
      cwd: resolve('.'),
      env: { ...process.env, REDIS_URL: '', STORAGE_URL: '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
  }

  /** The line it prints when everything is ready. Rejects with its log when it ends instead. */
  async ready(): Promise<Summary> {
    const lines = createInterface({ input: this.process.stdout! });
    const [line] = (await Promise.race([once(lines, 'line'), this.ended().then(() => [])])) as [string?];
    if (line === undefined) throw new Error(`serve did not start:\n${this.log}`);
    return JSON.parse(line) as Summary;
  }

  /** Its exit code, when it and its streams have ended. */
  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'close');
    return this.process.exitCode;
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    await this.ended();
    if (this.ownsData) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The whole service as real processes, with what tests ask of it. */
export class Embedded {
  /** The client that integrators use. */
  readonly client: ZImageClient;

  private constructor(
    readonly serve: ServeProcess,
    readonly summary: Summary,
  ) {
    this.client = new ZImageClient(summary);
  }

  static async start(options: ServeOptions = {}): Promise<Embedded> {
    const serve = new ServeProcess(options.port ?? (await freePort()), options);
    return new Embedded(serve, await serve.ready());
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.summary.apiKey}`, ...(init.headers as Record<string, string>) };
    return fetch(new URL(path, this.summary.url), { ...init, headers });
  }

  post(body: object, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch('/v1/generations', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'z-image-nano-turbo', ...body }),
    });
  }

  /** Posts a job that must be accepted. */
  generate(body: GenerationBody): Promise<JobDocument> {
    return this.client.generate({ model: 'z-image-nano-turbo', ...body });
  }

  job(id: string): Promise<JobDocument> {
    return this.client.job(id);
  }

  /** Polls a job until `wanted` holds; rejects with the job and the log when it never does. */
  async until(id: string, wanted: (job: JobDocument) => boolean, timeoutMs = 90_000): Promise<JobDocument> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      // While Redis is away the API answers 503, which is no job.
      const response = await this.fetch(`/v1/jobs/${id}`).catch(() => null);
      const job = response?.status === 200 ? ((await response.json()) as JobDocument) : null;
      if (job && wanted(job)) return job;
      if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(job)}\n${this.serve.log.slice(-3000)}`);
      await sleep(100);
    }
  }

  finished(id: string, timeoutMs?: number): Promise<JobDocument> {
    return this.until(id, (job) => isTerminal(job.state), timeoutMs);
  }

  /** A job that runs and has begun its steps. */
  stepping(id: string): Promise<JobDocument> {
    return this.until(id, (job) => job.state === 'running' && job.progress.step > 0);
  }

  async image(job: JobDocument, index = 0): Promise<Buffer> {
    const response = await fetch(job.images[index]!.url);
    if (response.status !== 200) throw new Error(`${response.status} for image ${index} of ${job.id}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Files of the storage that belong to a job, sidecars not counted. */
  objects(id: string): string[] {
    return filesUnder(join(this.serve.dataDir, 'files')).filter(
      (file) => /\.(png|jpg|webp)$/.test(file) && file.includes(id),
    );
  }

  /** The workers that live now: serve prints the first ones only. */
  workerPids(): number[] {
    return this.pidsOf('apps/worker/src/main.js');
  }

  /** The processes below serve that run this entry point. */
  pidsOf(entry: string): number[] {
    return childrenOf(this.servePid()).filter((pid) => commandOf(pid).includes(entry));
  }

  engineHostPid(workerPid: number): number {
    return childrenOf(workerPid).find((pid) => commandOf(pid).includes('engine-host/host.js')) ?? 0;
  }

  /** The node process below npm and its shell. */
  servePid(): number {
    const find = (pid: number): number =>
      commandOf(pid).includes('cli/src/serve.js') && !commandOf(pid).includes('npm') && !commandOf(pid).startsWith('sh')
        ? pid
        : (childrenOf(pid)
            .map(find)
            .find((found) => found !== 0) ?? 0);
    return find(this.serve.process.pid!);
  }

  stop(): Promise<void> {
    return this.serve.stop();
  }
}

/** Ended processes that nobody has collected yet do not count. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Linux' own record of who started whom. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((file) => statSync(file).isFile());
  } catch {
    return [];
  }
}
