import type { JobDocument } from './types.js';

/** A JPEG of an image as it looks after `step` of its steps. */
export interface JobPreview {
  index: number;
  step: number;
  width: number;
  height: number;
  url: string;
  expires_at: string;
}

/** One Server-Sent Event of a job. `id` is what `Last-Event-ID` takes; `result` is the last one. */
export type JobEvent =
  | { id: string; type: 'state'; data: { state: JobDocument['state'] } }
  | { id: string; type: 'progress'; data: { step: number; steps: number } }
  | { id: string; type: 'preview'; data: JobPreview }
  | { id: string; type: 'result'; data: JobDocument };

/** Reads `text/event-stream` as the API writes it: `id`, `event` and one line of `data`. Comments are passed over. */
export async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<JobEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    const frames = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'm').exec(frame)?.[1];
      const [id, type, data] = [field('id'), field('event'), field('data')];
      if (id === undefined || type === undefined || data === undefined) continue;
      yield { id, type, data: JSON.parse(data) as unknown } as JobEvent;
    }
  }
}
