const lookEveryMs = 1_000;
/** A turn may be that much longer than the longest before it: a larger image, a VAE between two steps, a busy machine. */
const slowestTurns = 20;

/**
 * Says when an engine host hangs. Native code that never returns stops the host's heart; a deadlock beside a beating heart
 * shows in steps that do not come. How long is too long follows from the turns seen so far, and is never below `hangMs`.
 */
export class HangWatch {
  private heardAt = 0;
  private progressAt = 0;
  private slowestTurnMs = 0;
  private timer: NodeJS.Timeout | undefined;

  /** `inHand`: how many requests the host holds. `onHang` is called once; {@link start} begins anew. */
  constructor(
    private readonly hangMs: number,
    private readonly inHand: () => number,
    private readonly onHang: (reason: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** From here on the host has to show that it lives. */
  start(): void {
    this.stop();
    this.heardAt = this.progressAt = this.now();
    this.timer = setInterval(() => this.look(), lookEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Any message. */
  heard(): void {
    this.heardAt = this.now();
  }

  /** The first request in an idle host: its turn begins now. */
  began(): void {
    this.progressAt = this.now();
  }

  /** A step, an image, or a request's error. */
  progressed(): void {
    const now = this.now();
    this.slowestTurnMs = Math.max(this.slowestTurnMs, now - this.progressAt);
    this.progressAt = now;
  }

  look(): void {
    const boundMs = Math.max(this.hangMs, slowestTurns * this.slowestTurnMs);
    const silentMs = this.now() - this.heardAt;
    const idleMs = this.inHand() > 0 ? this.now() - this.progressAt : 0;
    if (Math.max(silentMs, idleMs) <= boundMs) return;
    this.stop();
    this.onHang(`${silentMs > boundMs ? 'no sign of life' : 'no step'} for ${Math.round(boundMs / 1000)} s`);
  }
}
