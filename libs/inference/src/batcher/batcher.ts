import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Tensor } from '../tensor/tensor.js';
import { BatcherClosed } from './batcher-closed.js';
import { nextCall } from './next-call.js';
import type { BatchedResult, BatcherLimits, RunOptions, StepPort } from './step-port.js';
import { Ticket } from './ticket.js';

/**
 * Step-level continuous batching. Between two transformer calls requests join, leave and are cancelled; a call holds samples
 * of one layout from any requests, whatever their step. Turns are fair by tokens (start-time fair queueing), so a small image
 * waits for at most one step of a large one. Preparing and finishing happen between calls, one at a time.
 */
export class Batcher<Request, State, Sample, Result> {
  /** In order of arrival. */
  private readonly tickets = new Set<Ticket<Request, State, Sample, Result>>();
  private loop: Promise<void> | null = null;
  private closed = false;
  private lastId = 0;
  /** Service of the least served request when the last call was chosen. */
  private clock = 0;

  constructor(
    private readonly port: StepPort<Request, State, Sample, Result>,
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
  async run(request: Request, options: RunOptions = {}): Promise<BatchedResult<Result>> {
    options.signal?.throwIfAborted();
    if (this.closed) throw new BatcherClosed();
    const ticket = new Ticket<Request, State, Sample, Result>(
      ++this.lastId,
      request,
      this.port.tokens(request),
      options,
    );
    this.tickets.add(ticket);
    this.loop ??= this.runUntilEmpty();
    return ticket.settled;
  }

  /** Rejects what is here at the next boundary and returns when nothing runs any more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.loop;
  }

  private async runUntilEmpty(): Promise<void> {
    // Requests that arrive in the same turn of the event loop start together.
    await this.boundary();
    while (this.tickets.size > 0) {
      this.admit();
      await this.prepareNext();
      await this.callNext();
      await this.finishNext();
    }
    this.loop = null;
  }

  /** First come, first served, while the budget holds. */
  private admit(): void {
    const waiting = this.at('waiting');
    let admitted = this.tokensInFlight - sumTokens(waiting);
    for (const ticket of waiting) {
      if (admitted > 0 && admitted + ticket.tokens > this.limits.tokenBudget) return;
      ticket.admit(this.clock);
      admitted += ticket.tokens;
    }
  }

  /** Prepares one request; as many as fill a call when no one is stepping who would have to wait. */
  private async prepareNext(): Promise<void> {
    const count = this.at('stepping').length === 0 ? this.limits.samplesPerCall : 1;
    for (const ticket of this.at('admitted').slice(0, count)) {
      if (!this.tickets.has(ticket)) continue; // left while a neighbour was prepared
      await this.unit([ticket], async () => {
        const state = await this.port.prepare(ticket.request);
        ticket.enter(state, this.port.samples(state));
      });
    }
  }

  private async callNext(): Promise<void> {
    const call = nextCall([...this.tickets].flatMap(this.candidates), this.limits.samplesPerCall);
    const [first] = call;
    if (!first) return;
    this.clock = first.served;
    const sharers = [...new Set(call.map(({ ticket }) => ticket))];
    await this.unit(sharers, async () => {
      const outputs = await this.port.evaluate(call.map(({ sample }) => sample));
      for (const ticket of sharers) ticket.noteCall(sharers.length);
      call.forEach(({ ticket, index }, i) => {
        const output = outputs[i];
        if (!output) throw new RangeError(`${outputs.length} outputs for ${call.length} samples`);
        this.receive(ticket, index, output);
      });
    });
  }

  /** The samples of a request that wait for a call. */
  private readonly candidates = (ticket: Ticket<Request, State, Sample, Result>) => {
    const company = ticket.options.alone ? `only ${ticket.id}` : 'any';
    return ticket.pending().map(({ sample, index }) => ({
      ticket,
      sample,
      index,
      served: ticket.served,
      layout: `${company}: ${this.port.layout(sample)}`,
    }));
  };

  /** Takes a request one step on when its last output is there. What fails here is its own failure. */
  private receive(ticket: Ticket<Request, State, Sample, Result>, index: number, output: Tensor): void {
    const step = ticket.receive(index, output);
    if (!step) return;
    try {
      const state = this.port.advance(step.state, step.outputs);
      ticket.enter(state, this.port.samples(state));
      ticket.noteStep();
    } catch (error) {
      this.fail(ticket, error);
    }
  }

  private async finishNext(): Promise<void> {
    const [ticket] = this.at('finishing');
    if (ticket?.phase.at !== 'finishing') return;
    const { state } = ticket.phase;
    await this.unit([ticket], async () => {
      ticket.complete(await this.port.finish(state));
      this.tickets.delete(ticket);
    });
  }

  /** One stretch of work for some requests: its failure is theirs alone, and a boundary follows it. */
  private async unit(
    tickets: readonly Ticket<Request, State, Sample, Result>[],
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      for (const ticket of tickets) this.fail(ticket, error);
    }
    await this.boundary();
  }

  /** Lets the event loop run, where messages and aborts arrive, then drops who has left. */
  private async boundary(): Promise<void> {
    await nextTurn();
    for (const ticket of this.tickets) {
      if (this.closed) this.fail(ticket, new BatcherClosed());
      else if (ticket.options.signal?.aborted) this.fail(ticket, ticket.options.signal.reason);
    }
  }

  private fail(ticket: Ticket<Request, State, Sample, Result>, reason: unknown): void {
    this.tickets.delete(ticket);
    ticket.reject(reason);
  }

  private at(phase: 'waiting' | 'admitted' | 'stepping' | 'finishing'): Ticket<Request, State, Sample, Result>[] {
    return [...this.tickets].filter((ticket) => ticket.phase.at === phase);
  }
}

const sumTokens = (tickets: readonly { tokens: number }[]): number =>
  tickets.reduce((sum, { tokens }) => sum + tokens, 0);
