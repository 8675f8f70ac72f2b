import { endedWithoutResult } from '@app/common/contracts/job-states.js';
import { stepsToRun, tokensPerImage } from '@app/common/jobs/cost.js';
import type { JobOutcome, JobRecord, StoredImage } from '@app/common/jobs/job-record.js';
import type { JobStore } from '@app/common/jobs/job-store.js';
import { inSpan } from '@app/common/telemetry/tracing.js';
import type { ImageSource } from '@app/inference';
import type { FetchedJob } from '@app/common/queue/job-source.js';
import type { EngineHost } from '../engine-host/client.js';
import type { Admission } from './admission.js';
import { imageRequest, outputFormat } from './image-request.js';
import type { JobInputs } from './job-inputs.js';
import { ProgressMeter } from './progress-meter.js';
import type { Publisher } from './publisher.js';
import { DeadlinePassed, StartRefused } from './run-errors.js';
import { RunPreviews } from './run-previews.js';

/** What a run works with: this worker's parts. */
export interface RunTools {
  workerId: string;
  store: JobStore;
  engine: Pick<EngineHost, 'run' | 'whenReady'>;
  admission: Admission;
  inputs: JobInputs;
  publisher: Publisher;
}

/** For previews that are still on their way when the images are done. */
const previewPatienceMs = 500;

type SucceededOutcome = JobOutcome & { state: 'succeeded' };

/**
 * One fetched job on its way through the engine: its images enter one by one as there is room, the job starts with the
 * first, and all of them stop when one fails or the run is aborted.
 */
export class JobRun {
  private readonly abortion = new AbortController();
  private readonly progress: ProgressMeter;
  private readonly previews: RunPreviews;
  private starting: Promise<void> | undefined;
  /** The images that the job is made from, read once for all of its own. */
  private source: Promise<ImageSource | undefined> | undefined;
  private isStarted = false;
  private startedAt = 0;
  /** From the request to the start, by Redis' clock; null before it. */
  queueMs: number | null = null;
  private computedAt = 0;
  private uploadMs = 0;
  private readonly batches: { max: number; mean: number }[] = [];

  constructor(
    readonly job: FetchedJob,
    readonly record: JobRecord,
    private readonly tools: RunTools,
  ) {
    const steps = stepsToRun(record.request) * record.request.n;
    this.progress = new ProgressMeter(steps, (step) => tools.store.progress(job.id, job.fence, step, steps));
    this.previews = new RunPreviews(async (index, step, image) => {
      const preview = await tools.publisher.preview(record, index, step, image);
      if (await tools.store.preview(job.id, job.fence, preview)) return;
      // It came after the end of the job, whose objects may be deleted by then.
      const state = (await tools.store.get(job.id))?.state;
      if (state && endedWithoutResult(state)) await tools.publisher.discard(record);
    });
  }

  /** False while it is parked: fetched, and still waiting for room. */
  get started(): boolean {
    return this.isStarted;
  }

  /** Moves the document to `running`, once. Throws {@link StartRefused}. */
  start(): Promise<void> {
    return (this.starting ??= this.startOnce());
  }

  abort(reason: Error): void {
    this.abortion.abort(reason);
  }

  /**
   * The finished job; its images ask for room before this returns. Rejects with the first failure or the reason of the
   * abort, when all images have stopped.
   */
  async finish(): Promise<SucceededOutcome> {
    const deadline = this.watchDeadline();
    try {
      const images = await this.allImages();
      await this.start();
      return {
        state: 'succeeded',
        images,
        computeMs: Math.max(0, this.computedAt - this.startedAt),
        uploadMs: this.uploadMs,
        ...this.batch(),
      };
    } finally {
      clearTimeout(deadline);
      await this.previews.settled(previewPatienceMs);
    }
  }

  private watchDeadline(): NodeJS.Timeout | undefined {
    const { deadlineAt } = this.record;
    if (deadlineAt === null) return undefined;
    return setTimeout(() => this.abort(new DeadlinePassed('the deadline passed')), deadlineAt - Date.now());
  }

  private async allImages(): Promise<StoredImage[]> {
    let failure: Error | undefined;
    const images = await Promise.all(
      indicesOf(this.record).map((index) =>
        this.image(index).catch((error: unknown) => {
          failure ??= error instanceof Error ? error : new Error(String(error));
          this.abort(failure);
          return null;
        }),
      ),
    );
    if (failure) throw failure;
    return images.filter((image) => image !== null);
  }

  private async image(index: number): Promise<StoredImage> {
    const { signal } = this.abortion;
    const { admission, engine, inputs, publisher } = this.tools;
    const { request, crashes, attempts } = this.record;
    // A suspect that was in a crashed engine before runs alone, so that it takes no neighbour down with it.
    const alone = !request.batch || crashes > 0;
    const leave = await admission.enter(alone ? admission.budget : tokensPerImage(request), signal);
    try {
      await this.start();
      // Looked for with room already taken: while the storage is away, no further job is fetched to wait for it.
      const earlier = attempts > 0 ? await publisher.adopt(this.record, index, signal) : null;
      if (earlier) {
        this.progress.advance(stepsToRun(request));
        return earlier;
      }
      const source = await (this.source ??= inputs.sourceOf(this.record, signal));
      const made = await inSpan('compute image', { attributes: { index } }, () =>
        engine.run(
          { ...imageRequest(this.record, index, alone), ...(source && { source }) },
          outputFormat(this.record, index),
          {
            onStep: () => this.progress.advance(1),
            onPreview: (step, preview) => this.previews.add(index, step, preview),
          },
          signal,
        ),
      );
      leave('made');
      const madeAt = Date.now();
      this.computedAt = madeAt;
      this.batches.push(made.batch);
      const uploaded = await inSpan('upload image', { attributes: { index } }, () =>
        publisher.upload(this.record, index, made, signal),
      );
      this.uploadMs += Date.now() - madeAt;
      return uploaded;
    } finally {
      leave();
    }
  }

  private async startOnce(): Promise<void> {
    const { store, workerId } = this.tools;
    const result = await store.start(this.job.id, this.job.fence, workerId);
    if (result.outcome === 'refused') throw new StartRefused(result.state);
    this.isStarted = true;
    this.queueMs = result.queueMs;
    this.startedAt = Date.now();
  }

  private batch(): Pick<JobOutcome, 'batch'> {
    if (this.batches.length === 0) return {};
    const mean = this.batches.reduce((sum, batch) => sum + batch.mean, 0) / this.batches.length;
    return { batch: { max: Math.max(...this.batches.map(({ max }) => max)), mean: Math.round(mean * 100) / 100 } };
  }
}

const indicesOf = ({ request }: JobRecord): number[] => Array.from({ length: request.n }, (_, index) => index);
