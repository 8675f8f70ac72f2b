/**
 * An engine host without an engine, for the supervisor's own tests: the prompt says what happens. It speaks the protocol of
 * apps/worker/src/engine-host/protocol.ts.
 */
import { Buffer } from 'node:buffer';

const aborted = new Set();

process.on('message', (command) => {
  if (command.type === 'open') {
    const { checkpoint } = command.options;
    if (checkpoint === 'broken') {
      const error = { code: 'checkpoint_invalid', message: 'vae/config.json: missing', retryable: false };
      process.send({ type: 'open-failed', error }, () => process.exit(1));
    } else if (checkpoint === 'deadly') {
      process.kill(process.pid, 'SIGKILL');
    } else {
      process.send({ type: 'ready', stepCost: { msPerToken: 0.1, tokenBudget: command.options.tokenBudget } });
    }
  }
  if (command.type === 'abort') aborted.add(command.id);
  if (command.type === 'run') run(command);
});
process.on('disconnect', () => process.exit(0));

function run({ id, request }) {
  switch (request.prompt) {
    case 'crash':
      process.kill(process.pid, 'SIGKILL');
      break;
    case 'refuse':
      process.send({ type: 'error', id, error: { code: 'size_unsupported', message: 'no', retryable: false } });
      break;
    case 'which aborts':
      process.send({ type: 'image', id, image: image(Buffer.from([...aborted])) });
      break;
    case 'preview':
      process.send({ type: 'preview', id, step: 1, image: { bytes: Buffer.from('early'), width: 16, height: 16 } });
      process.send({ type: 'image', id, image: image(Buffer.from(request.prompt)) });
      break;
    case 'wait':
      break;
    default:
      process.send({ type: 'step', id, step: 1, steps: 1 });
      process.send({ type: 'image', id, image: image(Buffer.from(request.prompt)) });
  }
}

const image = (bytes) => ({ bytes, width: 16, height: 16, computeMs: 1, batch: { max: 1, mean: 1 } });
