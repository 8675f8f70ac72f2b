const minIntervalMs = 1000;

/** Adds up the steps of a job's images and reports them at most once a second, and at the last one. */
export class ProgressMeter {
  private step = 0;
  private reportedAt = -Infinity;

  /** `report` may take its time: while one report is on its way, further ones wait for the next step. */
  constructor(
    readonly steps: number,
    private readonly report: (step: number, steps: number) => Promise<void>,
    private readonly now: () => number = Date.now,
  ) {}

  private reporting: Promise<void> | undefined;

  /** `steps` more are done. */
  advance(steps: number): void {
    this.step += steps;
    const last = this.step === this.steps;
    if (!last && (this.reporting !== undefined || this.now() - this.reportedAt < minIntervalMs)) return;
    this.reportedAt = this.now();
    this.reporting = this.report(this.step, this.steps)
      // Progress is a courtesy; the commit tells whether the job is still ours.
      .catch(() => undefined)
      .finally(() => (this.reporting = undefined));
  }
}
