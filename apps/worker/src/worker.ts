import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ModelCatalog, type Model } from '@app/common/contracts/model-catalog.js';
import { ServiceError } from '@app/common/errors.js';
import { InputStore } from '@app/common/input-images/input-store.js';
import { CancelChannel } from '@app/common/jobs/cancel-channel.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { workerConnection } from '@app/common/queue/connection.js';
import { JobSource } from '@app/common/queue/job-source.js';
import { WorkerRegistry } from '@app/common/workers/worker-registry.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import { MetricsServer } from '@app/common/telemetry/metrics-server.js';
import { openStorage } from '@app/common/storage/open-storage.js';
import { EngineHost } from './engine-host/client.js';
import { EngineKeepsDying, EngineUnusable } from './engine-host/errors.js';
import { Heartbeat } from './heartbeat.js';
import { Admission } from './jobs/admission.js';
import { JobInputs } from './jobs/job-inputs.js';
import { Publisher } from './jobs/publisher.js';
import { JobRunner } from './jobs/runner.js';
import { WorkerMetrics } from './worker-metrics.js';
import type { WorkerConfig } from './worker.config.js';

/** Of the grace period, what is kept for handing back and closing. */
const closingShare = 0.3;

/** MODEL names no model of the catalog. */
export class ModelUnknown extends ServiceError {
  readonly code = 'model_unknown';
}

export interface WorkerSurroundings {
  /** Path of the engine host's compiled entry point. */
  hostEntry: string;
  log: Logger;
  /** The engine broke for good after it had served. */
  onUnusable(error: Error): void;
}

/** One worker process: one model, its queue, its engine. */
export class Worker {
  private readonly id = `${hostname()}-${process.pid}-${Date.now().toString(36)}`;
  private readonly engine: EngineHost;
  private readonly connections: Redis[];
  private readonly storage: ObjectStorage;
  private readonly store: JobStore;
  private readonly source: JobSource;
  private readonly cancels: CancelChannel;
  private readonly runner: JobRunner;
  private readonly heartbeat: Heartbeat;
  private readonly registry = new Registry();
  private metricsServer: MetricsServer | undefined;
  private engineDeaths: { engineDeaths: number; lastEngineDeath: string | null } = {
    engineDeaths: 0,
    lastEngineDeath: null,
  };

  /** Opens connections; throws {@link ModelUnknown} or CatalogError before that. */
  constructor(
    private readonly config: WorkerConfig,
    private readonly surroundings: WorkerSurroundings,
  ) {
    const { hostEntry, log } = surroundings;
    const model = modelOf(config);
    this.engine = new EngineHost({
      entry: hostEntry,
      hangMs: config.ENGINE_HANG_S * 1000,
      engine: {
        checkpoint: model.checkpoint,
        tokenBudget: model.token_budget,
        executionProviders: config.EXECUTION_PROVIDERS,
        allowFloat16: config.ALLOW_FLOAT16,
        weights: config.WEIGHTS,
        ...(config.PRECISION && { precision: config.PRECISION }),
        ...(config.TEXT_ENCODER_PROVIDER && { textEncoderProvider: config.TEXT_ENCODER_PROVIDER }),
        ...(config.THREADS !== undefined && { threads: config.THREADS }),
        ...(config.HOST_MEMORY_MB !== undefined && { hostMemoryBytes: config.HOST_MEMORY_MB * 2 ** 20 }),
      },
    });
    const connect = (): Redis =>
      workerConnection(config.REDIS_URL).on('error', (error) => log.debug({ err: error }, 'redis'));
    const [commands, fetching, subscriber] = [connect(), connect(), connect()];
    this.connections = [commands, fetching, subscriber];
    this.storage = openStorage(config.STORAGE_URL, {
      publicUrl: config.PUBLIC_URL,
      signingKey: config.URL_SIGNING_KEY,
    });
    this.store = new JobStore(commands, { models: [model.name] });
    this.source = new JobSource(fetching, model.name, this.id);
    this.cancels = new CancelChannel(subscriber, model.name);
    const admission = new Admission(model.token_budget);
    this.heartbeat = new Heartbeat(
      new WorkerRegistry(commands),
      {
        id: this.id,
        model: model.name,
        host: hostname(),
        pid: process.pid,
        startedAt: Date.now(),
      },
      () => ({
        isOpen: this.engine.isReady,
        ...this.engineDeaths,
        tokensInFlight: admission.tokensInFlight,
        tokenBudget: admission.budget,
      }),
    );
    collectDefaultMetrics({ register: this.registry });
    const metrics = new WorkerMetrics(this.registry, model.name, {
      tokensInFlight: () => admission.tokensInFlight,
      tokenBudget: () => admission.budget,
      enginePid: () => this.engine.pid,
    });
    this.runner = new JobRunner({
      metrics,
      workerId: this.id,
      store: this.store,
      source: this.source,
      engine: this.engine,
      admission,
      inputs: new JobInputs(new InputStore(this.storage)),
      publisher: new Publisher(this.storage),
      log,
    });
    this.engine.on('ready', (_pid, { tokenBudget }) => {
      admission.measure(tokenBudget);
      this.heartbeat.beat();
    });
    this.engine.on('crash', (reason, killed) => {
      metrics.engineCrashed();
      const { engineDeaths } = this.engineDeaths;
      this.engineDeaths = { engineDeaths: engineDeaths + 1, lastEngineDeath: reason };
      this.heartbeat.beat();
      log.error(`the engine host died (${reason}); starting another`);
      if (killed) admission.shrink();
    });
  }

  /** Resolves when the engine is warm and jobs are fetched. Throws EngineUnusable or EngineKeepsDying. */
  async start(): Promise<void> {
    await this.serveMetrics();
    this.heartbeat.start();
    await this.openEngine();
    await this.source.open();
    await this.cancels.listen((id) => this.runner.cancel(id));
    this.runner.start();
    this.surroundings.log.info(`serving ${this.config.MODEL}`);
  }

  /** Drains within the grace period, then closes everything. */
  async stop(): Promise<void> {
    this.heartbeat.draining();
    await this.runner.drain(this.config.GRACE_S * 1000 * (1 - closingShare));
    this.heartbeat.stop();
    await this.source.close();
    await this.metricsServer?.close();
    await this.engine.close();
    await this.store.close();
    await this.storage.close();
    for (const connection of this.connections) connection.disconnect();
  }

  /** From the first moment on: a worker that loads its weights is alive, and not ready. */
  private async serveMetrics(): Promise<void> {
    const { METRICS_HOST: host, METRICS_PORT: port } = this.config;
    if (port === undefined) return;
    const ready = (): boolean => this.engine.isReady;
    this.metricsServer = await MetricsServer.listen({ host, port, registry: this.registry, ready });
  }

  private async openEngine(): Promise<void> {
    const { MODEL } = this.config;
    const named = (error: EngineUnusable | EngineKeepsDying): EngineUnusable | EngineKeepsDying => {
      const message = `model ${MODEL}: ${error.message}`;
      if (error instanceof EngineKeepsDying) return new EngineKeepsDying(message);
      return new EngineUnusable({ code: error.code, message, retryable: error.retryable });
    };
    try {
      await this.engine.open();
    } catch (error) {
      this.heartbeat.stop();
      throw error instanceof EngineUnusable || error instanceof EngineKeepsDying ? named(error) : error;
    }
    this.engine.on('unusable', (error) => this.surroundings.onUnusable(named(error)));
  }
}

function modelOf({ MODELS_FILE, MODEL }: WorkerConfig): Model {
  const catalog = ModelCatalog.read(MODELS_FILE);
  const model = catalog.get(MODEL);
  if (!model) throw new ModelUnknown(`MODEL: there is no "${MODEL}" in ${MODELS_FILE}: ${catalog.names.join(', ')}`);
  return model;
}
