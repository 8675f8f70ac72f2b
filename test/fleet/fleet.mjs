/**
 * The service as real processes on this machine, with the instant engine: an API, a sender, any number of workers, a Redis of
 * its own with an append-only file. Shared by the suites (jest) and the benches (plain node), so it is plain JavaScript on
 * what `npm run build` made; its types are in fleet.d.mts.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { freePort } from '../../dist/apps/cli/src/embedded/port.js';
import { startRedis } from '../../dist/apps/cli/src/embedded/redis-server.js';
import { KeyStore } from '../../dist/libs/common/src/auth/key-store.js';
import { FleetProcess } from './fleet-process.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const terminal = new Set(['succeeded', 'failed', 'canceled', 'expired']);
export const fleetModel = 'instant';

export class Fleet {
  static async start(options = {}) {
    const fleet = new Fleet(options);
    await fleet.open();
    return fleet;
  }

  constructor(options) {
    this.options = { workers: 1, appendfsync: 'always', tokenBudget: 16 * 256, ...options };
    this.dataDir = mkdtempSync(join(tmpdir(), 'zimage-fleet-'));
    this.workers = [];
  }

  async open() {
    const { options, dataDir } = this;
    this.redisServer = await this.startRedis();
    // Behind a proxy the processes see another address than the test's own connection.
    this.redisUrl = options.redisUrlOf ? await options.redisUrlOf(this.redisServer.url) : this.redisServer.url;
    this.redis = new Redis(this.redisServer.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    this.redis.on('error', () => undefined);
    this.key = (await this.newKey('acme')).key;
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.environment = {
      ZIMAGE_MODE: 'embedded',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: this.url,
      REDIS_URL: this.redisUrl,
      STORAGE_URL: options.storageUrl ?? pathToFileURL(join(dataDir, 'files')).href,
      URL_SIGNING_KEY: 'signing-key-of-the-fleet-0123456789abcdef',
      MODELS_FILE: this.writeCatalog(),
      MODEL: fleetModel,
      LOG_LEVEL: 'warn',
      GRACE_S: '5',
      ...options.environment,
    };
    this.api = this.add('dist/apps/api/src/main.js');
    this.sender = this.add('dist/apps/api/src/sender.js');
    for (let i = 0; i < options.workers; i++) this.workers.push(this.add(this.workerEntry));
    await Promise.all([this.api, this.sender, ...this.workers].map((process) => process.ready()));
  }

  startRedis(port) {
    const { appendfsync } = this.options;
    const dataDir = join(this.dataDir, 'redis');
    return startRedis({ root, dataDir, appendfsync, ...(port !== undefined && { port }) });
  }

  /** kill -9, and Redis is away for so long. */
  async killRedis(awayMs) {
    const { port, process: server } = this.redisServer;
    server.kill('SIGKILL');
    await sleep(awayMs);
    this.redisServer = await this.startRedis(port);
  }

  get workerEntry() {
    return this.options.workerEntry ?? 'test/instant-engine/worker.mjs';
  }

  async addWorker({ entry = this.workerEntry, environment = {} } = {}) {
    const worker = this.add(entry, environment);
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  add(entry, environment = {}) {
    const own = { ...this.options.environmentOf?.(entry), ...environment };
    return new FleetProcess(resolve(root, entry), { ...this.environment, ...own });
  }

  newKey(tenant, scopes = ['generate', 'read', 'priority']) {
    return new KeyStore(this.redis).create({ tenant, scopes });
  }

  async post(body, { key = this.key, headers = {} } = {}) {
    return fetch(new URL('/v1/generations', this.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: fleetModel, prompt: 'x', ...body }),
    });
  }

  /** Posts a job that must be accepted. */
  async generate(body, options) {
    const response = await this.post(body, options);
    if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json();
  }

  async get(path, key = this.key) {
    return fetch(new URL(path, this.url), { headers: { authorization: `Bearer ${key}` } });
  }

  async cancel(id) {
    const headers = { authorization: `Bearer ${this.key}` };
    return fetch(new URL(`/v1/jobs/${id}/cancel`, this.url), { method: 'POST', headers });
  }

  /** The document's fields as Redis holds them; {} when there is none. */
  document(id) {
    return this.redis.hgetall(`{zq:${fleetModel}}:job:${id}`);
  }

  /** Polls the document until `wanted` holds. */
  async until(id, wanted, timeoutMs = 90_000) {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const document = await this.document(id);
      if (wanted(document)) return document;
      if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(document)}\n${this.log()}`);
      await sleep(25);
    }
  }

  finished(id, timeoutMs) {
    return this.until(id, ({ state }) => terminal.has(state), timeoutMs);
  }

  /** Keys of the objects that belong to a job, or of all. */
  objects(id = '') {
    if (this.options.objectsOf) return this.options.objectsOf(id);
    const files = join(this.dataDir, 'files');
    return listFolders(files).filter((path) => path.endsWith('@') && path.includes(id) && !path.startsWith('.drafts'));
  }

  log() {
    return [this.api, this.sender, ...this.workers].map((process) => process.log).join('\n');
  }

  async stop() {
    await Promise.all([this.api, this.sender, ...this.workers].map((process) => process?.stop()));
    this.redis?.disconnect();
    await this.redisServer?.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  writeCatalog() {
    const { models } = JSON.parse(readFileSync(join(root, 'models/catalog.json'), 'utf8'));
    const model = {
      ...models[0],
      name: fleetModel,
      checkpoint: join(root, 'models', models[0].checkpoint),
      limits: { ...models[0].limits, max_steps: 1000 },
      token_budget: this.options.tokenBudget,
    };
    const file = join(this.dataDir, 'catalog.json');
    mkdirSync(this.dataDir, { recursive: true });
    writeFileSync(file, JSON.stringify({ models: [model] }));
    return file;
  }
}

function listFolders(folder) {
  try {
    return readdirSync(folder, { recursive: true }).map(String);
  } catch {
    return [];
  }
}
