const shrinkFactor = 0.75;
const growFactor = 1.1;
/** How long the engine has to be full without a shortage before it may take more; each time that was too much, twice as long. */
const growAfterMs = { first: 5 * 60_000, max: 60 * 60_000 };
/** Of the budget: in flight, it shows that the budget is not too large. */
const fullShare = 0.9;

/** One image's way into the engine, and out of it. */
interface Waiter {
  tokens: number;
  enter(): void;
}

/**
 * Counts image tokens × guidance passes into the engine, first come first served. An image larger than the whole budget
 * enters an empty engine. While one waits, no further job is fetched: the queue's order decides who is next, and a job
 * that would be handed back for lack of room would only be fetched again.
 */
export class Admission {
  private inFlight = 0;
  private readonly waiters: Waiter[] = [];
  private readonly roomWaiters: (() => void)[] = [];

  private shrunkAt = -Infinity;
  private grownAt = -Infinity;
  private growEveryMs = growAfterMs.first;
  /** What the engine measured that it can take; known when it is open. */
  private measured = Infinity;

  private limit: number;

  constructor(
    private readonly given: number,
    private readonly now: () => number = Date.now,
  ) {
    this.limit = given;
  }

  /** Tokens that may be in flight. */
  get budget(): number {
    return Math.min(this.limit, this.measured);
  }

  /** The engine is open and says how many tokens it can give a step in good time. */
  measure(tokens: number): void {
    this.measured = tokens;
    this.admit();
  }

  /**
   * What is in flight was too much for the memory: less from now on. Several requests report the same shortage, so that it
   * counts once within a second. The budget comes back step by step, as long as a full engine shows that it can.
   */
  shrink(): void {
    if (this.now() - this.shrunkAt < 1000) return;
    if (this.grownAt > this.shrunkAt) this.growEveryMs = Math.min(2 * this.growEveryMs, growAfterMs.max);
    this.shrunkAt = this.now();
    this.limit = Math.max(1, Math.floor(this.budget * shrinkFactor));
  }

  /**
   * Waits for room; the returned function gives it back, and tells when the image was made. Rejects with the signal's reason.
   */
  async enter(tokens: number, signal: AbortSignal): Promise<(how?: 'made') => void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        tokens,
        enter: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        this.admit();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiters.push(waiter);
      this.admit();
    });
    let left = false;
    return (how) => {
      if (left) return;
      left = true;
      if (how === 'made') this.grow();
      this.inFlight -= tokens;
      this.admit();
    };
  }

  get tokensInFlight(): number {
    return this.inFlight;
  }

  /** Resolves when nothing waits and the engine is not full: time to fetch another job. */
  async room(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => this.roomWaiters.push(resolve));
  }

  /** An image was made beside all that is in flight. */
  private grow(): void {
    const calmSince = Math.max(this.shrunkAt, this.grownAt);
    if (this.limit >= this.given || this.now() - calmSince < this.growEveryMs) return;
    if (this.inFlight < fullShare * this.budget) return;
    this.grownAt = this.now();
    this.limit = Math.min(this.given, Math.ceil(this.limit * growFactor));
  }

  private get hasRoom(): boolean {
    return this.waiters.length === 0 && this.inFlight < this.budget;
  }

  private admit(): void {
    for (let next = this.waiters[0]; next; next = this.waiters[0]) {
      if (this.inFlight > 0 && this.inFlight + next.tokens > this.budget) break;
      this.waiters.shift();
      this.inFlight += next.tokens;
      next.enter();
    }
    if (this.hasRoom) for (const resolve of this.roomWaiters.splice(0)) resolve();
  }
}
