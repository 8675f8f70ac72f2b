import type { Redis } from 'ioredis';
import { modelOfJob } from './job-id.js';
import type { StoredPreview } from './job-record.js';
import { ModelKeys } from './model-keys.js';
import { StreamReader, type StreamEntry } from './stream-reader.js';

/** `id` is the stream's own, so a reader may go on after it. `result` is the last event of a job. */
export type JobEvent = { id: string } & (
  { type: 'state' | 'progress' | 'result'; data: Record<string, unknown> } | { type: 'preview'; data: StoredPreview }
);

/**
 * Follows the event streams of many jobs. One reader a model: the streams of two models may lie in two Cluster slots, which one
 * XREAD cannot span.
 */
export class JobEvents {
  private readonly readers = new Map<string, StreamReader>();
  private closed = false;

  /** `commands` for short calls; `connect` makes a connection for blocking reads, without a command timeout. */
  constructor(
    private readonly commands: Redis,
    private readonly connect: () => Redis,
  ) {}

  /** The events of a job after the id `after` ('0' for all), until its `result` or the signal's abort. */
  async *read(id: string, after: string, signal?: AbortSignal): AsyncGenerator<JobEvent, void> {
    const model = modelOfJob(id);
    if (model === null || this.closed) return;
    for await (const entry of this.readerOf(model).read(new ModelKeys(model).events(id), after, signal)) {
      const event = toEvent(entry);
      yield event;
      if (event.type === 'result') return;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.readers.values()].map((reader) => reader.close()));
  }

  private readerOf(model: string): StreamReader {
    let reader = this.readers.get(model);
    if (!reader) {
      reader = new StreamReader(this.commands, this.connect());
      this.readers.set(model, reader);
    }
    return reader;
  }
}

/** Written by the job scripts, always as type, data. */
function toEvent([id, [, type, , data]]: StreamEntry): JobEvent {
  return { id, type, data: JSON.parse(data ?? '{}') as unknown } as JobEvent;
}
