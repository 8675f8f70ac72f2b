/**
 * Work beside the step loop, one piece at a time: it may be under way while the transformer runs, and `done` is called when
 * it ends, so that the loop looks again.
 */
export class Lane {
  private current: Promise<void> | null = null;

  constructor(private readonly done: () => void) {}

  get busy(): boolean {
    return this.current !== null;
  }

  /** Starts a piece of work that handles its own failures; only when not busy. */
  start(work: () => Promise<void>): void {
    this.current = work().finally(() => {
      this.current = null;
      this.done();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.current;
  }
}
