import type { Redis } from 'ioredis';
import { ModelKeys } from './model-keys.js';

/**
 * Hears which jobs of a model were cancelled, to stop those in hand. The connection becomes a subscriber and can do nothing else. A message
 * that is missed does no harm: the flag in the document stands, and the janitor ends what no worker ends.
 */
export class CancelChannel {
  constructor(
    private readonly subscriber: Redis,
    private readonly model: string,
  ) {}

  async listen(onCancel: (id: string) => void): Promise<void> {
    const channel = new ModelKeys(this.model).cancels;
    this.subscriber.on('message', (from, id) => {
      if (from === channel) onCancel(id);
    });
    await this.subscriber.subscribe(channel);
  }
}
