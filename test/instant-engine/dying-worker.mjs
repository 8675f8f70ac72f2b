/**
 * An instant worker that kills itself (SIGKILL) once, at the point of a job's way that DIE_AT names, and then writes the
 * job's id and the time to DIE_FILE; while that file is there it lives on. Like its neighbour it is not part of what is built or shipped.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Publisher } from '../../dist/apps/worker/src/jobs/publisher.js';
import { runWorker } from '../../dist/apps/worker/src/run-worker.js';
import { JobStore } from '../../dist/libs/common/src/jobs/job-store.js';
import { JobSource } from '../../dist/libs/common/src/queue/job-source.js';

/** Each point: whose method, before or after it, and how to read the job's id from its arguments or its result. */
const points = {
  'after fetch': [JobSource, 'next', 'after', (_, fetched) => fetched?.id],
  'after start': [JobStore, 'start', 'after', ([id]) => id],
  'mid-step': [JobStore, 'progress', 'before', ([id]) => id],
  'after upload': [Publisher, 'upload', 'after', ([record]) => record.id],
  'before commit': [JobStore, 'commit', 'before', ([id]) => id],
  'after commit': [JobStore, 'commit', 'after', ([id]) => id],
  'after completion': [JobSource, 'complete', 'after', ([fetched]) => fetched.id],
};
const { DIE_AT, DIE_FILE } = process.env;

const [owner, name, when, idOf] = points[DIE_AT];
const method = owner.prototype[name];
owner.prototype[name] = async function (...args) {
  const result = when === 'after' ? await method.apply(this, args) : undefined;
  const id = idOf(args, result);
  if (id !== undefined && !existsSync(DIE_FILE)) {
    writeFileSync(DIE_FILE, JSON.stringify({ id, atMs: Date.now() }));
    process.kill(process.pid, 'SIGKILL');
    // The signal takes a moment; nothing more may happen in it.
    await new Promise(() => undefined);
  }
  return when === 'after' ? result : method.apply(this, args);
};

runWorker(process.env, fileURLToPath(new URL('./host.mjs', import.meta.url)));
