import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Tensor } from '../tensor/tensor.js';
import { BatcherClosed } from './batcher-closed.js';
import { FairOrder, type Place } from './fair-order.js';
import { Lane } from './lane.js';
import { nextCall } from './next-call.js';
import type { BatchedResult, BatcherLimits, RunOptions, StepPort } from './step-port.js';
import { Ticket } from './ticket.js';
import { WakeUp } from './wake-up.js';

/**
 * Step-level continuous batching. Between two transformer calls requests join, leave and are cancelled; a call holds samples
 * of one layout from any requests, whatever their step. Calls go in a fair order (fair-order.ts), so a small image waits for
 * at most one step of a large one. Preparing and decoding are lanes beside the calls, in the same order.
 */
export class Batcher<Request, State, Sample, Result, Preview> {
  /** In order of arrival. */
  private readonly tickets = new Set<Ticket<Request, State, Sample, Result, Preview>>();
  private readonly wakeUp = new WakeUp();
  private readonly preparing = new Lane(this.wakeUp.call);
  private readonly decoding = new Lane(this.wakeUp.call);
  private loop: Promise<void> | null = null;
  private closed = false;
  private lastId = 0;
  private readonly order = new FairOrder();

  constructor(
    private readonly port: StepPort<Request, State, Sample, Result, Preview>,
    private readonly limits: BatcherLimits,
  ) {}

  /** Tokens of every request here, admitted or waiting. */
  get tokensInFlight(): number {
    return sumTokens([...this.tickets]);
  }

  /**
   * Runs one request to its result. Rejects with the signal's reason when aborted, with the port's error when a stage or a
   * call with a sample of it fails, and with BatcherClosed.
   */
  async run(request: Request, options: RunOptions<Preview> = {}): Promise<BatchedResult<Result>> {
    options.signal?.throwIfAborted();
    if (this.closed) throw new BatcherClosed();
    const ticket = new Ticket<Request, State, Sample, Result, Preview>(
      ++this.lastId,
      request,
      this.port.tokens(request),
      options,
    );
    this.tickets.add(ticket);
    options.signal?.addEventListener('abort', this.wakeUp.call, { once: true });
    this.loop ??= this.runUntilEmpty();
    this.wakeUp.call();
    try {
      return await ticket.settled;
    } finally {
      options.signal?.removeEventListener('abort', this.wakeUp.call);
    }
  }

  /** Rejects what is here at the next boundary and returns when nothing runs any more. */
  async close(): Promise<void> {
    this.closed = true;
    this.wakeUp.call();
    await this.loop;
    await Promise.all([this.preparing.idle(), this.decoding.idle()]);
  }

  private async runUntilEmpty(): Promise<void> {
    // Requests that arrive in the same turn of the event loop start together.
    await this.boundary();
    while (this.tickets.size > 0) {
      this.admit();
      this.prepareNext();
      this.decodeNext();
      if (!(await this.callNext())) await this.wakeUp.sleep();
      await this.boundary();
    }
    this.loop = null;
  }

  /** First come, first served, while the budget holds. */
  private admit(): void {
    const waiting = this.at('waiting');
    let admitted = this.tokensInFlight - sumTokens(waiting);
    for (const ticket of waiting) {
      if (admitted > 0 && admitted + ticket.tokens > this.limits.tokenBudget) return;
      ticket.admit(this.order.enter(ticket.tokens * this.port.steps(ticket.request)));
      admitted += ticket.tokens;
    }
  }

  /** Prepares as many requests as may fill a call. */
  private prepareNext(): void {
    if (this.preparing.busy) return;
    const tickets = this.at('admitted').sort(byPlace).slice(0, this.limits.samplesPerCall);
    if (tickets.length > 0) this.preparing.start(() => this.prepare(tickets));
  }

  private async prepare(tickets: readonly Ticket<Request, State, Sample, Result, Preview>[]): Promise<void> {
    const preparing = tickets.map((ticket) =>
      this.guarded([ticket], async () => {
        const state = await this.port.prepare(ticket.request);
        ticket.enter(state, this.port.samples(state));
      }),
    );
    await Promise.all(preparing);
  }

  /** Finishes requests that are done, or makes a preview when none is. */
  private decodeNext(): void {
    if (this.decoding.busy) return;
    const done = this.at('finishing').sort(byPlace).slice(0, this.limits.finishesAtOnce);
    const [foreseen] = [...this.tickets].filter(({ duePreview }) => duePreview !== null).sort(byPlace);
    if (done.length > 0) this.decoding.start(() => this.finish(done));
    else if (foreseen) this.decoding.start(() => this.preview(foreseen));
  }

  private async finish(tickets: readonly Ticket<Request, State, Sample, Result, Preview>[]): Promise<void> {
    const finishing = tickets.map((ticket) =>
      this.guarded([ticket], async () => {
        if (ticket.phase.at !== 'finishing') return;
        const result = await this.port.finish(ticket.phase.state);
        this.tickets.delete(ticket);
        ticket.complete(result);
      }),
    );
    await Promise.all(finishing);
  }

  private preview(ticket: Ticket<Request, State, Sample, Result, Preview>): Promise<void> {
    return this.guarded([ticket], async () => {
      const due = ticket.duePreview;
      if (!due) return;
      ticket.duePreview = null;
      const preview = await this.port.preview(due.state);
      // Not when the request has left meanwhile.
      if (this.tickets.has(ticket)) ticket.options.onPreview?.(due.step, preview);
    });
  }

  /** One transformer call; false when no sample waits for one. */
  private async callNext(): Promise<boolean> {
    const call = nextCall([...this.tickets].flatMap(this.candidates), this.limits);
    if (call.length === 0) return false;
    const sharers = [...new Set(call.map(({ ticket }) => ticket))];
    await this.guarded(sharers, async () => {
      const outputs = await this.port.evaluate(call.map(({ sample }) => sample));
      for (const ticket of sharers) ticket.noteCall(sharers.length);
      call.forEach(({ ticket, index }, i) => {
        const output = outputs[i];
        if (!output) throw new RangeError(`${outputs.length} outputs for ${call.length} samples`);
        this.receive(ticket, index, output);
      });
    });
    return true;
  }

  /** The samples of a request that wait for a call. */
  private readonly candidates = (ticket: Ticket<Request, State, Sample, Result, Preview>) => {
    const company = ticket.options.alone ? `only ${ticket.id}` : 'any';
    return ticket.pending().map(({ sample, index, tokens }) => ({
      ticket,
      sample,
      index,
      tokens,
      place: ticket.place.ends,
      layout: `${company}: ${this.port.layout(sample)}`,
    }));
  };

  /** Takes a request one step on when its last output is there. What fails here is its own failure. */
  private receive(ticket: Ticket<Request, State, Sample, Result, Preview>, index: number, output: Tensor): void {
    const step = ticket.receive(index, output);
    if (!step) return;
    try {
      const state = this.port.advance(step.state, step.outputs);
      this.order.serve(ticket.tokens);
      ticket.noteStep();
      ticket.enter(state, this.port.samples(state));
    } catch (error) {
      this.fail(ticket, error);
    }
  }

  /** Work for some requests: its failure is theirs alone. */
  private async guarded(
    tickets: readonly Ticket<Request, State, Sample, Result, Preview>[],
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      for (const ticket of tickets) this.fail(ticket, error);
    }
  }

  /** Lets the event loop run, where messages and aborts arrive, then drops who has left. */
  private async boundary(): Promise<void> {
    await nextTurn();
    for (const ticket of this.tickets) {
      if (this.closed) this.fail(ticket, new BatcherClosed());
      else if (ticket.options.signal?.aborted) this.fail(ticket, ticket.options.signal.reason);
    }
  }

  private fail(ticket: Ticket<Request, State, Sample, Result, Preview>, reason: unknown): void {
    this.tickets.delete(ticket);
    this.order.leave(ticket.place);
    ticket.reject(reason);
  }

  private at(
    phase: 'waiting' | 'admitted' | 'stepping' | 'finishing',
  ): Ticket<Request, State, Sample, Result, Preview>[] {
    return [...this.tickets].filter((ticket) => ticket.phase.at === phase);
  }
}

const byPlace = (a: { place: Place }, b: { place: Place }): number => a.place.ends - b.place.ends;

const sumTokens = (tickets: readonly { tokens: number }[]): number =>
  tickets.reduce((sum, { tokens }) => sum + tokens, 0);
