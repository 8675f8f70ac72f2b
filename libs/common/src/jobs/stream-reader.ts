import type { Redis } from 'ioredis';

export type StreamEntry = [id: string, fields: string[]];

interface Follower {
  stream: string;
  after: string;
  queue: StreamEntry[];
  wake: () => void;
}

/** Bounds how late a stream is noticed whose UNBLOCK came just before the read. */
const blockMs = 1_000;

/**
 * Follows many streams of one Cluster slot over one blocking connection: XREAD on all of them, unblocked when the set of followed
 * streams grows.
 */
export class StreamReader {
  private readonly followers = new Set<Follower>();
  private readerId: number | null = null;
  private running: Promise<void> | null = null;
  private closed = false;

  /** `commands` for short calls, `blocking` for this object alone, without a command timeout. */
  constructor(
    private readonly commands: Redis,
    private readonly blocking: Redis,
  ) {}

  /** The entries of a stream after the id `after` ('0' for all), until the signal's abort. */
  async *read(stream: string, after: string, signal?: AbortSignal): AsyncGenerator<StreamEntry, void> {
    const follower: Follower = { stream, after, queue: [], wake: () => undefined };
    const onAbort = (): void => follower.wake();
    signal?.addEventListener('abort', onAbort);
    this.followers.add(follower);
    try {
      this.follow();
      for (;;) {
        const entry = follower.queue.shift();
        if (entry) {
          yield entry;
        } else {
          if (signal?.aborted === true || this.closed) return;
          await new Promise<void>((resolve) => (follower.wake = resolve));
        }
      }
    } finally {
      this.followers.delete(follower);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const follower of this.followers) follower.wake();
    this.blocking.disconnect();
    await this.running;
  }

  /** Starts the reader, or makes it look at the streams again. */
  private follow(): void {
    this.running ??= this.readAll().finally(() => {
      this.running = null;
      // Came after the reader's last look.
      if (this.followers.size > 0 && !this.closed) this.follow();
    });
    if (this.readerId !== null) this.commands.client('UNBLOCK', this.readerId).catch(() => undefined);
  }

  private async readAll(): Promise<void> {
    while (this.followers.size > 0 && !this.closed) {
      try {
        this.readerId = await this.blocking.client('ID');
        const streams = earliestByStream(this.followers);
        // The last follower left while Redis was asked: XREAD without a stream is an error, and would cost the next one a pause.
        if (streams.size === 0) continue;
        const reply = await this.blocking.xread('BLOCK', blockMs, 'STREAMS', ...streams.keys(), ...streams.values());
        for (const [stream, entries] of reply ?? []) {
          for (const follower of this.followers) if (follower.stream === stream) deliver(follower, entries);
        }
      } catch {
        // Redis is away. The connection comes back by itself and the streams are read on from where each reader is.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    this.readerId = null;
  }
}

/** Each followed stream once, from its furthest-back follower on. */
function earliestByStream(followers: Iterable<Follower>): Map<string, string> {
  const streams = new Map<string, string>();
  for (const { stream, after } of followers) {
    const earliest = streams.get(stream);
    if (earliest === undefined || comesAfter(earliest, after)) streams.set(stream, after);
  }
  return streams;
}

function deliver(follower: Follower, entries: StreamEntry[]): void {
  for (const [id, fields] of entries) {
    if (!comesAfter(id, follower.after)) continue;
    follower.after = id;
    follower.queue.push([id, fields]);
  }
  follower.wake();
}

/** Stream ids are `<milliseconds>-<sequence>`. */
function comesAfter(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && sequence > otherSequence);
}
