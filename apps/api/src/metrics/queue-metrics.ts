import { Gauge, type Registry } from 'prom-client';
import type { JobStore } from '@app/common/jobs/job-store.js';

/** Backlog of every model, read from Redis at each scrape: all replicas say the same. Without Redis the series are absent. */
export function queueMetrics(registry: Registry, jobs: Pick<JobStore, 'backlog'>, models: readonly string[]): void {
  const openJobs = new Gauge({
    name: 'zimage_queue_open_jobs',
    help: 'Jobs queued or running',
    labelNames: ['model'] as const,
    registers: [registry],
  });
  new Gauge({
    name: 'zimage_queue_backlog_gpu_seconds',
    help: 'Work of the jobs queued or running, in seconds of one worker',
    labelNames: ['model'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      openJobs.reset();
      const backlogs = await Promise.all(models.map((model) => jobs.backlog(model))).catch(() => []);
      backlogs.forEach(({ jobs: count, units }, i) => {
        const model = models[i] ?? '';
        openJobs.set({ model }, count);
        this.set({ model }, units);
      });
    },
  });
}
