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

  /** When none is on its way any more: what is deleted after this stays deleted. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay.values());
  }
}
