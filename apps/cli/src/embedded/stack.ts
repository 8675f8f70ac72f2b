import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';
import { embeddedTenant, IdentityFile } from './identity.js';
import { OwnRedis } from './own-redis.js';
import { choosePort } from './port.js';
import { connectOnce } from './redis-connection.js';
import { SupervisedProcess } from './supervised-process.js';
import { parseWorkers } from './worker-counts.js';

/** How long a worker may finish what it runs, once told to stop; then it hands the rest back to the queue. */
const workerGraceS = 5;
const stopGraceMs = (workerGraceS + 4) * 1000;

export interface StackOptions {
  /** The project's root: `dist/`, `models/` and `.tools/` lie there. */
  root: string;
  dataDir: string;
  /** Exactly this port; without it 3000 or the next free one. */
  port?: number;
  /** `MODEL=N,…` */
  workers?: string;
  /** A Redis that is already there; without it one of our own under the data folder. */
  redisUrl?: string;
  /** Where images go; without it a folder of the data folder. */
  storageUrl?: string;
  modelsFile: string;
  logLevel: string;
  log: (line: string) => void;
}

/** What clients need to know of a running stack. */
export interface StackSummary {
  url: string;
  apiKey: string;
  redisUrl: string;
  webhookSecret: string;
  workers: { pid: number; model: string }[];
}

/** Redis, API, sender and workers on this machine, in the order in which they need one another. */
export class Stack {
  private readonly services: SupervisedProcess[] = [];
  private readonly workers: { model: string; process: SupervisedProcess }[] = [];
  private redis: OwnRedis | undefined;

  constructor(private readonly options: StackOptions) {}

  /** Resolves when all parts serve. Throws what the first part that cannot start says; stop() then stops the others. */
  async start(): Promise<StackSummary> {
    const { options } = this;
    const models = parseWorkers(options.workers, ModelCatalog.read(options.modelsFile));
    const port = await choosePort(options.port);
    const redisUrl = options.redisUrl ?? (await this.startRedis());
    const url = `http://127.0.0.1:${port}`;
    const identity = new IdentityFile(resolve(options.dataDir, 'identity.json'));
    const redis = await connectOnce(redisUrl);
    const [apiKey, webhookSecret] = await Promise.all([
      identity.apiKey(redis),
      new WebhookSecrets(redis).current(embeddedTenant),
    ]);
    redis.disconnect();
    const environment = {
      ZIMAGE_MODE: 'embedded',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: url,
      REDIS_URL: redisUrl,
      STORAGE_URL: options.storageUrl ?? pathToFileURL(resolve(options.dataDir, 'files')).href,
      URL_SIGNING_KEY: identity.urlSigningKey,
      MODELS_FILE: options.modelsFile,
      LOG_LEVEL: options.logLevel,
      GRACE_S: String(workerGraceS),
      // One port cannot serve several processes.
      METRICS_PORT: '',
    };
    this.add('api', 'apps/api/src/main.js', environment);
    this.add('sender', 'apps/api/src/sender.js', environment);
    for (const model of models) {
      const process = this.add('worker', 'apps/worker/src/main.js', { ...environment, MODEL: model });
      this.workers.push({ model, process });
    }
    await Promise.all(this.services.map((service) => service.start()));
    const workers = this.workers.map(({ model, process }) => ({ pid: process.pid, model }));
    return { url, apiKey, redisUrl, webhookSecret, workers };
  }

  /** Stops everything, Redis last. */
  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.redis?.stop();
  }

  private async startRedis(): Promise<string> {
    const { root, dataDir, log } = this.options;
    this.redis = new OwnRedis({ root, dataDir: resolve(dataDir, 'redis'), log });
    return this.redis.start();
  }

  private add(name: string, entry: string, environment: Record<string, string>): SupervisedProcess {
    const service = new SupervisedProcess({
      name,
      entry: resolve(this.options.root, 'dist', entry),
      environment,
      log: this.options.log,
      graceMs: stopGraceMs,
    });
    this.services.push(service);
    return service;
  }
}
