import type { Session } from './session.js';

/** A graph that is loaded by its first run, for networks that many processes never use. */
export class DeferredSession implements Session {
  private opened: Promise<Session> | null = null;

  /** @param open loads it */
  constructor(private readonly open: () => Promise<Session>) {}

  /** As `Session.run`. Throws what `open` throws, from the first run. */
  readonly run: Session['run'] = async (inputs, outputs) => {
    this.opened ??= this.open();
    return (await this.opened).run(inputs, outputs);
  };
}
