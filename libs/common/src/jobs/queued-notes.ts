import type { Redis } from 'ioredis';
import { setImmediate as endOfTurn } from 'node:timers/promises';

/**
 * Takes jobs that are on their queue off the janitor's list: all that were added in one turn of the event loop by one command,
 * so that under load it costs Redis next to nothing.
 */
export class QueuedNotes {
  private readonly turns = new Map<string, { ids: string[]; taken: Promise<unknown> }>();

  constructor(private readonly redis: Redis) {}

  /** Resolves when the job is off the list of that key. */
  async takeOff(unqueued: string, id: string): Promise<void> {
    let turn = this.turns.get(unqueued);
    if (!turn) {
      const ids: string[] = [];
      turn = { ids, taken: endOfTurn().then(() => this.send(unqueued, ids)) };
      this.turns.set(unqueued, turn);
    }
    turn.ids.push(id);
    await turn.taken;
  }

  private send(unqueued: string, ids: readonly string[]): Promise<number> {
    this.turns.delete(unqueued);
    return this.redis.zrem(unqueued, ...ids);
  }
}
