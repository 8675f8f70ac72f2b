/**
 * A thread of its own for ONNX Runtime sessions, whose runs block the thread they are called on. Started by
 * session-thread.ts, which defines the messages; JavaScript, so that a thread can start from the sources as from the build.
 * Requests are done one after the other, in the order they came.
 */
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor, listSupportedBackends } from 'onnxruntime-node';

const sessions = new Map();

const work = {
  providers: () => listSupportedBackends().map(({ name }) => name),

  open: async ({ session, bytes, settings }) => {
    sessions.set(session, await InferenceSession.create(bytes, settings));
  },

  run: async ({ session, inputs, outputs }) => {
    const feeds = Object.entries(inputs).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]);
    const results = await sessions.get(session).run(Object.fromEntries(feeds), outputs);
    return Object.fromEntries(outputs.map((name) => [name, { data: results[name].data, dims: results[name].dims }]));
  },
};

async function answer({ id, type, ...request }) {
  try {
    const result = await work[type](request);
    const buffers = type === 'run' ? Object.values(result).map(({ data }) => data.buffer) : [];
    parentPort.postMessage({ id, result }, buffers);
  } catch (error) {
    parentPort.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

async function end() {
  for (const session of sessions.values()) await session.release();
  parentPort.close();
}

let last = Promise.resolve();
parentPort.on('message', (request) => {
  last = last.then(() => (request.type === 'end' ? end() : answer(request)));
});
