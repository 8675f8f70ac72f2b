import { Gauge, type Registry } from 'prom-client';
import type { JobStore } from '@app/common/jobs/job-store.js';

type Backlog = Awaited<ReturnType<JobStore['backlog']>>;

/** Backlog of every model, read from Redis once at each scrape: all replicas say the same. Without Redis the series are absent. */
export function queueMetrics(registry: Registry, jobs: Pick<JobStore, 'backlog'>, models: readonly string[]): void {
  let reading: Promise<Backlog[]> | undefined;
  // The gauges of a scrape are collected side by side, and share what is read.
  const backlogsNow = (): Promise<Backlog[]> =>
    (reading ??= Promise.all(models.map((model) => jobs.backlog(model)))
      .catch(() => [])
      .finally(() => (reading = undefined)));
  const gauge = (name: string, help: string, read: (backlog: Backlog) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['model'] as const,
      registers: [registry],
      async collect() {
        this.reset();
        (await backlogsNow()).forEach((backlog, i) => this.set({ model: models[i] ?? '' }, read(backlog)));
      },
    });
  };
  gauge('zimage_queue_open_jobs', 'Jobs queued or running', ({ jobs: count }) => count);
  gauge(
    'zimage_queue_backlog_gpu_seconds',
    'Work of the jobs queued or running, in seconds of one worker',
    ({ units }) => units,
  );
}
