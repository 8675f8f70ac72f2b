import type { Response } from 'express';
import { toProblem } from '../http/to-problem.js';
import { completedEvent, type ImagesAnswer } from './images-answer.js';
import type { ImagesCall } from './images-call.js';
import { openAiError } from './openai-error.js';

/** Keeps proxies from closing a stream in which nothing happens. */
const heartbeatMs = 15_000;

/** Server-Sent Events: one `….completed` for each image, or an `error`, which OpenAI's clients raise. */
export async function streamAnswer(
  answer: () => Promise<ImagesAnswer>,
  events: ImagesCall['events'],
  response: Response,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  response.write(': accepted\n\n');
  const heartbeat = setInterval(() => response.write(': heartbeat\n\n'), heartbeatMs);
  const send = (type: string, data: unknown): unknown =>
    response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  try {
    const finished = await answer();
    const type = `${events}.completed`;
    for (const index of finished.data.keys()) send(type, completedEvent(finished, index, type));
  } catch (error) {
    send('error', openAiError(toProblem(error)));
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}
