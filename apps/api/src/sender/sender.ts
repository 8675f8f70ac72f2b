import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { JobStore } from '@app/common/jobs/job-store.js';
import { DeliveryQueue, type Delivery } from '@app/common/queue/delivery-queue.js';
import { GpuQuota } from '@app/common/limits/gpu-quota.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { DeliveryLog } from '@app/common/webhooks/delivery-log.js';
import { DisabledEndpoints } from '@app/common/webhooks/disabled-endpoints.js';
import { retryDelay, retryDelaysMs } from '@app/common/webhooks/retry-schedule.js';
import { DeliveryFailed, OutgoingClient } from '@app/common/webhooks/outgoing-client.js';
import { WebhookSecrets } from '@app/common/webhooks/webhook-secrets.js';
import type { ObjectStorage } from '@app/common/storage/object-storage.js';
import { DeadLetters } from '@app/common/webhooks/dead-letters.js';
import { DeliverySender } from './delivery.js';
import { FirstAttempts } from './first-attempts.js';
import { Janitor } from './janitor.js';
import { OutboxPump } from './outbox-pump.js';
import { OutputCopier } from './output-copier.js';
import { repeat } from './repeat.js';
import { SenderMetrics } from './sender-metrics.js';
import { WebhookSender } from './webhook-sender.js';

export interface SenderOptions {
  redis: Redis;
  models: readonly string[];
  storage: Pick<ObjectStorage, 'get' | 'signedUrl' | 'delete'>;
  /** Webhooks and copies may go to loopback, and by http. */
  embedded: boolean;
  onError: (error: unknown) => void;
  registry: Registry;
  /** Waits between attempts; the schedule of Standard Webhooks unless a test has no days to spend. */
  retryDelaysMs?: readonly number[];
}

/** Images are private: a webhook's URLs are for the moment it is read in. */
const urlTtlSeconds = 900;
const pumpEveryMs = 250;
const concurrentDeliveries = 50;

/** Webhook deliveries and the janitor, for all models. */
export class Sender {
  private readonly jobs: JobStore;
  private readonly queues: ModelQueues;
  private readonly deliveries: DeliveryQueue;
  private readonly client: OutgoingClient;
  private readonly metrics: SenderMetrics;
  private readonly stopped = new AbortController();
  private duties: Promise<unknown> = Promise.resolve();
  private deliveryWorker: Worker<Delivery, null, 'delivery'> | null = null;
  private firstAttempts: FirstAttempts | null = null;

  constructor(private readonly options: SenderOptions) {
    const { redis, models, embedded, registry } = options;
    this.jobs = new JobStore(redis, { models });
    this.queues = new ModelQueues(redis);
    this.client = new OutgoingClient({ embedded });
    this.deliveries = new DeliveryQueue(redis);
    this.metrics = new SenderMetrics(registry, () => this.deliveries.pending());
  }

  get ready(): boolean {
    return this.deliveryWorker?.isRunning() ?? false;
  }

  /** Resolves when deliveries run. */
  async start(): Promise<void> {
    const { redis, models, storage, retryDelaysMs: delaysMs = retryDelaysMs } = this.options;
    const onError = (error: unknown): void => {
      this.metrics.dutyFailed();
      this.options.onError(error);
    };
    const { signal } = this.stopped;
    const sender = new DeliverySender({
      jobs: this.jobs,
      log: this.metrics.watch(new DeliveryLog(redis)),
      deadLetters: new DeadLetters(redis),
      webhooks: new WebhookSender(this.client, new WebhookSecrets(redis), new DisabledEndpoints(redis), (key) =>
        storage.signedUrl(key, urlTtlSeconds),
      ),
      copier: new OutputCopier(this.client, storage),
    });
    const waitAfter = (failedAttempts: number, error: Error | undefined): number =>
      retryDelay(failedAttempts, error instanceof DeliveryFailed ? error.retryAfterMs : null, delaysMs);
    this.deliveryWorker = this.deliveries.process(
      async ({ attemptsMade, data: { entry, tried = 0, replay = false }, opts: { attempts = 1 } }) => {
        const isLast = attemptsMade + 1 >= attempts;
        await sender.send(entry, { number: tried + attemptsMade + 1, isLast, isReplay: replay });
        return null;
      },
      concurrentDeliveries,
      waitAfter,
    );
    const firstAttempts = new FirstAttempts({
      sender,
      deliveries: this.deliveries,
      retryAfterMs: (error) => waitAfter(1, error),
      onError,
    });
    this.firstAttempts = firstAttempts;
    await this.deliveryWorker.waitUntilReady();
    const pumpParts = {
      jobs: this.jobs,
      deliveries: this.deliveries,
      firstAttempts,
      quota: new GpuQuota(redis),
      attempts: delaysMs.length + 1,
    };
    this.duties = Promise.all(
      models.flatMap((model) => {
        const pump = new OutboxPump(redis, model, pumpParts);
        const janitor = new Janitor(redis, this.jobs, this.queues, model, storage, onError);
        return [repeat(pumpEveryMs, signal, () => pump.pump(), onError), janitor.run(signal)];
      }),
    );
  }

  /** Ends after the attempts that are under way. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.deliveryWorker?.close();
    await this.duties;
    await this.firstAttempts?.settled();
    await Promise.all([this.deliveries.close(), this.queues.close(), this.jobs.close(), this.client.close()]);
  }
}
