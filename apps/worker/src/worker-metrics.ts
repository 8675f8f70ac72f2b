import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { JobOutcome, JobRecord } from '@app/common/jobs/job-record.js';

/** What is read when Prometheus asks. */
export interface WorkerReadings {
  tokensInFlight: () => number;
  tokenBudget: () => number;
  /** Process of the engine host; undefined while there is none. */
  enginePid: () => number | undefined;
}

const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

/** What a worker tells of itself. Every series carries the model. */
export class WorkerMetrics {
  private readonly ended;
  private readonly images;
  private readonly queued;
  private readonly computed;
  private readonly uploaded;
  private readonly step;
  private readonly batch;
  private readonly lockLosses;
  private readonly crashes;

  constructor(registry: Registry, model: string, readings: WorkerReadings) {
    registry.setDefaultLabels({ model });
    const registers = [registry];
    this.ended = new Counter({
      name: 'zimage_jobs_total',
      help: 'Jobs that this worker ended, by their terminal state',
      labelNames: ['state'] as const,
      registers,
    });
    this.images = new Counter({ name: 'zimage_images_total', help: 'Images made and stored', registers });
    this.queued = new Histogram({
      name: 'zimage_job_queue_seconds',
      help: 'From the request to the start of the job',
      buckets: seconds,
      registers,
    });
    this.computed = new Histogram({
      name: 'zimage_job_compute_seconds',
      help: 'From the start of a succeeded job to its last decoded image',
      buckets: seconds,
      registers,
    });
    this.uploaded = new Histogram({
      name: 'zimage_job_upload_seconds',
      help: 'Time to upload the images of a succeeded job, summed',
      buckets: seconds,
      registers,
    });
    this.step = new Histogram({
      name: 'zimage_step_seconds',
      help: "A job's compute time over its steps: what one step took, its neighbours' included",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.batch = new Histogram({
      name: 'zimage_batch_requests',
      help: "Requests that shared a job's transformer calls, on average over its steps",
      buckets: [1, 1.5, 2, 3, 4, 6, 8],
      registers,
    });
    this.lockLosses = new Counter({
      name: 'zimage_lock_losses_total',
      help: 'Jobs dropped because their lock could not be renewed',
      registers,
    });
    this.crashes = new Counter({ name: 'zimage_engine_crashes_total', help: 'Deaths of the engine host', registers });
    gauge('zimage_tokens_in_flight', 'Image tokens × guidance passes in the engine', readings.tokensInFlight);
    gauge('zimage_token_budget', 'Image tokens × guidance passes that may be in the engine', readings.tokenBudget);
    gauge('zimage_engine_memory_bytes', 'Resident memory of the engine host', () =>
      residentBytes(readings.enginePid()),
    );
    gauge(
      'zimage_gpu_memory_used_bytes',
      'Memory in use on the GPUs that this worker sees; absent without nvidia-smi',
      gpuBytes,
    );

    function gauge(name: string, help: string, read: () => number | Promise<number | undefined>): void {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          const value = await read();
          // reset() would leave a 0 behind.
          if (value === undefined) this.remove();
          else this.set(value);
        },
      });
    }
  }

  jobEnded(record: JobRecord, outcome: JobOutcome, queueMs: number | null): void {
    this.ended.inc({ state: outcome.state });
    if (queueMs !== null) this.queued.observe(queueMs / 1000);
    if (outcome.state !== 'succeeded') return;
    this.images.inc(outcome.images?.length ?? 0);
    if (outcome.uploadMs !== undefined) this.uploaded.observe(outcome.uploadMs / 1000);
    if (outcome.batch) this.batch.observe(outcome.batch.mean);
    if (outcome.computeMs === undefined) return;
    this.computed.observe(outcome.computeMs / 1000);
    this.step.observe(outcome.computeMs / 1000 / record.request.steps);
  }

  lockLost(): void {
    this.lockLosses.inc();
  }

  engineCrashed(): void {
    this.crashes.inc();
  }
}

/** VmRSS of a process, in bytes; undefined where /proc does not tell. */
async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  const status = pid === undefined ? '' : await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

async function gpuBytes(): Promise<number | undefined> {
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
  const answer = await promisify(execFile)('nvidia-smi', query, { timeout: 2000 }).catch(() => null);
  if (answer === null) return undefined;
  return answer.stdout
    .trim()
    .split('\n')
    .reduce((sum, mebibytes) => sum + Number(mebibytes) * 1024 ** 2, 0);
}
