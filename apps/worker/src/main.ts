import { fileURLToPath } from 'node:url';
import { runWorker } from './run-worker.js';

runWorker(process.env, fileURLToPath(new URL('./engine-host/host.js', import.meta.url)));
