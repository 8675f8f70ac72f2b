import type { Response } from 'express';
import { serverSentEvents } from '../http/server-sent-events.js';
import { toProblem } from '../http/to-problem.js';
import { completedEvent, type ImagesAnswer } from './images-answer.js';
import type { ImagesCall } from './images-call.js';
import { openAiError } from './openai-error.js';

/** Server-Sent Events: one `….completed` for each image, or an `error`, which OpenAI's clients raise. */
export async function streamAnswer(
  answer: () => Promise<ImagesAnswer>,
  events: ImagesCall['events'],
  response: Response,
): Promise<void> {
  await serverSentEvents(response, async (send) => {
    try {
      const finished = await answer();
      const type = `${events}.completed`;
      for (const index of finished.data.keys()) send({ type, data: completedEvent(finished, index, type) });
    } catch (error) {
      send({ type: 'error', data: openAiError(toProblem(error)) });
    }
  });
}
