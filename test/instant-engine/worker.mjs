/**
 * A worker with the instant engine: everything of a real one but its engine host. There is no setting for it; whoever wants
 * it starts this file, which is not part of what is built or shipped.
 */
import { fileURLToPath } from 'node:url';
import { runWorker } from '../../dist/apps/worker/src/run-worker.js';

runWorker(process.env, fileURLToPath(new URL('./host.mjs', import.meta.url)));
