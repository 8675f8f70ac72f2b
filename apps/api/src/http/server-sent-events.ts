import type { Response } from 'express';

/** Keeps proxies from closing a stream in which nothing happens. */
const heartbeatMs = 15_000;

export interface ServerSentEvent {
  /** What a client sends back as `Last-Event-ID`. */
  id?: string;
  type: string;
  data: unknown;
}

/** Answers with a stream of Server-Sent Events, from the first one on until `write` ends. */
export async function serverSentEvents(
  response: Response,
  write: (send: (event: ServerSentEvent) => void) => Promise<void>,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  response.flushHeaders();
  const heartbeat = setInterval(() => response.write(': heartbeat\n\n'), heartbeatMs);
  try {
    await write(({ id, type, data }) => {
      const idLine = id === undefined ? '' : `id: ${id}\n`;
      response.write(`${idLine}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    });
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}
