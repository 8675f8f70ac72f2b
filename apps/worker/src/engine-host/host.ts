/**
 * Entry point of the engine host: the child process that owns ONNX Runtime. `session.run()` blocks this process's event
 * loop, so nothing that must stay responsive lives here. It ends when its parent's channel closes.
 */
import {
  encodeImage,
  openEngine,
  SessionThreadEnded,
  type EngineOptions,
  type ImageEngine,
  type RgbImage,
} from '@app/inference';
import type { ErrorReport, HostCommand, HostEvent } from './protocol.js';

const heartbeatMs = 1000;
/** A preview is looked at for a moment: small files rather than sharp ones. */
const preview = { format: 'jpeg', quality: 80, maxSide: 512 } as const;

const send = (event: HostEvent): void => {
  if (process.connected) process.send?.(event);
};

const reportOf = (error: unknown): ErrorReport => {
  const { code, retryable } = error as { code?: unknown; retryable?: unknown };
  return {
    code: typeof code === 'string' ? code : 'engine_failed',
    message: error instanceof Error ? error.message : String(error),
    retryable: retryable === true,
  };
};

const running = new Map<number, AbortController>();
let engine: ImageEngine | undefined;

async function open(options: EngineOptions): Promise<void> {
  try {
    engine = await openEngine(options);
  } catch (error) {
    process.send?.({ type: 'open-failed', error: reportOf(error) } satisfies HostEvent, () => process.exit(1));
    return;
  }
  send({ type: 'ready', stepCost: engine.stepCost });
}

async function run(command: HostCommand & { type: 'run' }): Promise<void> {
  const { id, request, output } = command;
  const abort = new AbortController();
  running.set(id, abort);
  try {
    if (!engine) throw new Error('the engine is not open');
    const onStep = (step: number, steps: number): void => send({ type: 'step', id, step, steps });
    const onPreview = (step: number, image: RgbImage): void => void sendPreview(id, step, image);
    const image = await engine.run(request, { onStep, onPreview }, abort.signal);
    const bytes = await encodeImage(image, output);
    const { width, height, computeMs, batch } = image;
    send({ type: 'image', id, image: { bytes, width, height, computeMs, batch } });
  } catch (error) {
    // The engine is crippled: to the parent that is a crash, and it starts another host.
    if (error instanceof SessionThreadEnded) process.exit(1);
    send({ type: 'error', id, error: reportOf(error) });
  } finally {
    running.delete(id);
  }
}

/** A courtesy: one that cannot be encoded is left out, and so is one that comes after the run's end. */
async function sendPreview(id: number, step: number, image: RgbImage): Promise<void> {
  const encoded = await encodeImage(image, preview).catch(() => null);
  if (!encoded || !running.has(id)) return;
  const scale = Math.min(1, preview.maxSide / Math.max(image.width, image.height));
  const [width, height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
  send({ type: 'preview', id, step, image: { bytes: encoded, width, height } });
}

process.on('message', (command: HostCommand) => {
  switch (command.type) {
    case 'open':
      void open(command.options);
      break;
    case 'run':
      void run(command);
      break;
    case 'abort':
      running.get(command.id)?.abort();
      break;
  }
});

// The parent decides when a host ends: a Ctrl-C at a terminal reaches the whole process group, and must not kill the
// batch that the parent is still draining.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Not by process.exit, which aborts while a thread of the engine is in native code.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
setInterval(() => send({ type: 'heartbeat' }), heartbeatMs).unref();
