import type { Response } from 'express';
import { serverSentEvents, type ServerSentEvent } from '../http/server-sent-events.js';
import { toProblem } from '../http/to-problem.js';
import { openAiError } from './openai-error.js';

/** Server-Sent Events of what `write` sends, with an `error` event for what it throws, which OpenAI's clients raise. */
export async function streamAnswer(
  response: Response,
  write: (send: (event: ServerSentEvent) => void) => Promise<void>,
): Promise<void> {
  await serverSentEvents(response, async (send) => {
    try {
      await write(send);
    } catch (error) {
      send({ type: 'error', data: openAiError(toProblem(error)) });
    }
  });
}
