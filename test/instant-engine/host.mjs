/**
 * An engine host without an engine. It speaks the protocol of apps/worker/src/engine-host/protocol.ts, and every step of every
 * request takes INSTANT_STEP_MS (default 0), however many run at once. Words of the prompt bring faults about:
 * `crash` kills the host at step 2, `hang` stops its heart for good, `greedy` has no memory unless it is alone, `sleep=MS`
 * takes another time per step.
 */
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { crc32, deflateSync } from 'node:zlib';

const stepMs = Number(process.env.INSTANT_STEP_MS ?? 0);
const heartbeat = setInterval(() => send({ type: 'heartbeat' }), 1000);
/** Timers of the running requests, by id. */
const running = new Map();

function send(event) {
  if (process.connected) process.send(event);
}

function run({ id, request }) {
  const startedAt = performance.now();
  const words = new Set(request.prompt.split(' '));
  const sleep = /\bsleep=(\d+)/.exec(request.prompt);
  const perStepMs = sleep ? Number(sleep[1]) : stepMs;
  const toStep = (step) => {
    if (words.has('hang') && step === 2) {
      clearInterval(heartbeat);
      return;
    }
    if (words.has('greedy') && step === 2 && !request.alone) {
      send({ type: 'error', id, error: { code: 'out_of_memory', message: 'no memory', retryable: true } });
      return;
    }
    if (words.has('crash') && step === 2) process.kill(process.pid, 'SIGKILL');
    send({ type: 'step', id, step, steps: request.steps });
    if (step < request.steps) {
      running.set(id, setTimeout(toStep, perStepMs, step + 1));
      return;
    }
    running.delete(id);
    const { width, height, seed } = request;
    const computeMs = performance.now() - startedAt;
    send({ type: 'image', id, image: { bytes: png(seed), width, height, computeMs, batch: { max: 1, mean: 1 } } });
  };
  running.set(id, setTimeout(toStep, perStepMs, 1));
}

/** One pixel whose colour is the seed: the same request makes the same bytes. */
function png(seed) {
  const pixel = Buffer.from([0, seed & 255, (seed >> 8) & 255, (seed >> 16) & 255]);
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(pixel)), chunk('IEND')]);
}

function chunk(type, data = Buffer.alloc(0)) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

process.on('message', (command) => {
  if (command.type === 'open')
    send({ type: 'ready', stepCost: { msPerToken: 0.01, tokenBudget: command.options.tokenBudget } });
  if (command.type === 'run') run(command);
  if (command.type === 'abort') {
    clearTimeout(running.get(command.id));
    running.delete(command.id);
  }
});
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
// The worker was killed while this file was loaded: that was said before anybody listened.
if (!process.connected) process.exit(0);
