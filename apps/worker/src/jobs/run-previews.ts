import { setTimeout as sleep } from 'node:timers/promises';
import type { EncodedPreview } from '../engine-host/protocol.js';

/**
 * The previews of a run on their way to those who follow it. They are a courtesy: one that cannot be published is dropped, and
 * while one of an image is on its way the next of that image is left out.
 */
export class RunPreviews {
  private readonly underWay = new Map<number, Promise<void>>();

  constructor(private readonly publish: (index: number, step: number, image: EncodedPreview) => Promise<void>) {}

  add(index: number, step: number, image: EncodedPreview): void {
    if (this.underWay.has(index)) return;
    const published = this.publish(index, step, image)
      .catch(() => undefined)
      .finally(() => this.underWay.delete(index));
    this.underWay.set(index, published);
  }

  /** When none is on its way any more, or the time is up: a storage that hangs over a preview does not hold up the job's end. */
  async settled(withinMs: number): Promise<void> {
    if (this.underWay.size === 0) return;
    const late = new AbortController();
    await Promise.race([
      Promise.all(this.underWay.values()),
      sleep(withinMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
  }
}
