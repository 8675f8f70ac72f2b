import createClient, { type Client } from 'openapi-fetch';
import { parseEvents, type JobEvent } from './job-events.js';
import { ProblemError } from './problem-error.js';
import type { paths } from './schema.js';
import type { GenerationBody, JobDocument, Problem } from './types.js';

export interface ClientOptions {
  url: string;
  apiKey: string;
}

export interface GenerateOptions {
  /** Makes the call safe to repeat for 24 hours. */
  idempotencyKey?: string;
  /** Waits for the finished job up to so long; at most 60. */
  waitSeconds?: number;
  signal?: AbortSignal;
}

/** A stream that ended before its result is read on; not faster than this. */
const reconnectMs = 1_000;

/** The HTTP API with types: `http` has every route, the methods are the calls that take more than one request. */
export class ZImageClient {
  readonly http: Client<paths>;

  constructor(private readonly options: ClientOptions) {
    this.http = createClient<paths>({ baseUrl: options.url, headers: { authorization: `Bearer ${options.apiKey}` } });
  }

  /** The accepted job, or the finished one where it was waited for. Throws {@link ProblemError}. */
  async generate(body: GenerationBody, options: GenerateOptions = {}): Promise<JobDocument> {
    const { idempotencyKey, waitSeconds, signal } = options;
    const header = {
      ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
      ...(waitSeconds !== undefined && { Prefer: `wait=${waitSeconds}` }),
    };
    return unwrap(await this.http.POST('/v1/generations', { body, params: { header }, signal: signal ?? null }));
  }

  /** Throws {@link ProblemError}. */
  async job(id: string): Promise<JobDocument> {
    return unwrap(await this.http.GET('/v1/jobs/{id}', { params: { path: { id } } }));
  }

  /** Throws {@link ProblemError}. */
  async cancel(id: string): Promise<JobDocument> {
    return unwrap(await this.http.POST('/v1/jobs/{id}/cancel', { params: { path: { id } } }));
  }

  /** A job's events to its result, read on where a connection broke off. Throws {@link ProblemError}. */
  async *events(id: string, signal?: AbortSignal): AsyncGenerator<JobEvent, void> {
    let last: string | undefined;
    while (signal?.aborted !== true) {
      const response = await this.openStream(id, last, signal);
      if (response.status === 204 || !response.body) return;
      try {
        for await (const event of parseEvents(response.body)) {
          last = event.id;
          yield event;
          if (event.type === 'result') return;
        }
      } catch (error) {
        if (error instanceof SyntaxError) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, reconnectMs));
    }
  }

  /** The job when it is over. Throws {@link ProblemError}, or the signal's reason. */
  async finished(id: string, signal?: AbortSignal): Promise<JobDocument> {
    for await (const event of this.events(id, signal)) if (event.type === 'result') return event.data;
    signal?.throwIfAborted();
    return this.job(id);
  }

  private async openStream(id: string, last: string | undefined, signal?: AbortSignal): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.options.apiKey}`,
      accept: 'text/event-stream',
      ...(last !== undefined && { 'last-event-id': last }),
    };
    const url = new URL(`/v1/jobs/${encodeURIComponent(id)}/events`, this.options.url);
    const response = await fetch(url, { headers, signal: signal ?? null });
    if (!response.ok) throw ProblemError.of((await response.json()) as Problem, response);
    return response;
  }
}

function unwrap<Data>(answer: { data?: Data; error?: Problem; response: Response }): Data {
  if (answer.data !== undefined) return answer.data;
  if (answer.error) throw ProblemError.of(answer.error, answer.response);
  throw new Error(`the API answered ${answer.response.status} without a body`);
}
