import { ServiceError } from '@app/common/errors.js';

/** The part of a job document that the commands look at. */
export interface MadeJob {
  id: string;
  state: string;
  images: { seed: number; url: string }[];
  error: { code: string; message: string } | null;
}

/** The API answered with a problem; the message is its detail. */
export class ApiProblem extends ServiceError {
  readonly code = 'api_problem';
}

/** The few calls of the HTTP API that a command needs. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly apiKey: string,
  ) {}

  async generate(body: { prompt: string }): Promise<MadeJob> {
    const headers = { 'Content-Type': 'application/json' };
    const response = await this.fetch('/v1/generations', { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as MadeJob;
  }

  async job(id: string): Promise<MadeJob> {
    return (await (await this.fetch(`/v1/jobs/${id}`)).json()) as MadeJob;
  }

  /** Follows a job to its end, and tells of its steps. */
  async follow(id: string, onStep: (step: number, steps: number) => void): Promise<void> {
    const { body } = await this.fetch(`/v1/jobs/${id}/events`, { headers: { Accept: 'text/event-stream' } });
    if (!body) return;
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: ?(.*)$/m.exec(event)?.[1];
        const { step, steps } = (data ? JSON.parse(data) : {}) as { step?: number; steps?: number };
        if (/^event: ?progress$/m.test(event) && step !== undefined && steps !== undefined) onStep(step, steps);
      }
    }
  }

  private async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.apiKey}`, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(new URL(path, this.url), { ...init, headers });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
    throw new ApiProblem(problem.detail ?? problem.title ?? `the API answered ${response.status}`);
  }
}
