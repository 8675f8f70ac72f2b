/** @import { JobEvent } from './types.js' */

/**
 * Server-Sent Events as the API writes them: `id`, `event` and one line of JSON as `data`; comments are left out.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<JobEvent, void>}
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (text + value).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        const id = /^id: (.*)$/m.exec(block)?.[1] ?? '';
        const type = /^event: (.*)$/m.exec(block)?.[1] ?? 'message';
        yield { id, type, data: JSON.parse(data) };
      }
    }
  } finally {
    await reader.cancel();
  }
}
