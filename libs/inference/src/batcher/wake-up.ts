/** Lets one loop sleep until somebody calls it; a call while it is awake is kept for its next sleep. */
export class WakeUp {
  private called = false;
  private resolve: (() => void) | null = null;

  readonly call = (): void => {
    this.called = true;
    this.resolve?.();
  };

  async sleep(): Promise<void> {
    if (!this.called) await new Promise<void>((resolve) => (this.resolve = resolve));
    this.called = false;
    this.resolve = null;
  }
}
