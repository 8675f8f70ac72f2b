import { lockMs } from './model-queue.js';

const renewEveryMs = 3_000;
/** Without a confirmed renewal for this long, the lock may be gone before the next word from Redis. */
const selfFenceMs = lockMs - 1_000;
const watchEveryMs = 250;

interface Lock {
  token: string;
  /** When the last renewal that succeeded was sent. */
  confirmedAt: number;
}

/**
 * The locks of the jobs in hand: all renewed in one call, and given up when Redis does not confirm them in time. During an
 * outage a renewal does not fail, it hangs, so the watch is a timer of its own.
 */
export class HeldLocks {
  private readonly locks = new Map<string, Lock>();
  private readonly timers: NodeJS.Timeout[] = [];
  private renewing = false;

  /** `extend` resolves with the ids whose lock is gone. `onLost` is called after the lock was forgotten. */
  constructor(
    private readonly extend: (ids: string[], tokens: string[], lockMs: number) => Promise<string[]>,
    private readonly onLost: (id: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  open(): void {
    this.timers.push(
      setInterval(() => void this.renew(), renewEveryMs),
      setInterval(() => this.fence(), watchEveryMs),
    );
  }

  close(): void {
    this.timers.forEach(clearInterval);
  }

  hold(id: string, token: string, fetchedAt: number): void {
    this.locks.set(id, { token, confirmedAt: fetchedAt });
  }

  release(id: string, token: string): void {
    if (this.locks.get(id)?.token === token) this.locks.delete(id);
  }

  /** Renews every lock. One renewal at a time: after an outage a queue of them would follow. */
  async renew(): Promise<void> {
    if (this.renewing || this.locks.size === 0) return;
    this.renewing = true;
    const sentAt = this.now();
    const asked = [...this.locks];
    try {
      const gone = new Set(
        await this.extend(
          asked.map(([id]) => id),
          asked.map(([, lock]) => lock.token),
          lockMs,
        ),
      );
      for (const [id, lock] of asked) {
        // Released, or fetched again, while Redis was asked.
        if (this.locks.get(id) !== lock) continue;
        if (gone.has(id)) this.lose(id);
        else lock.confirmedAt = sentAt;
      }
    } catch {
      // Not confirmed: the fence decides.
    } finally {
      this.renewing = false;
    }
  }

  /** Gives up what was not confirmed in time. */
  fence(): void {
    for (const [id, lock] of this.locks) {
      if (this.now() - lock.confirmedAt > selfFenceMs) this.lose(id);
    }
  }

  private lose(id: string): void {
    this.locks.delete(id);
    this.onLost(id);
  }
}
