import { expect, it } from '@jest/globals';
import type { WorkerReport } from '@app/common/workers/worker-registry.js';
import { Heartbeat } from './heartbeat.js';
import { Admission } from './jobs/admission.js';

it('tells of the load, the budget that the engine measured, and that the worker drains', async () => {
  const reports: WorkerReport[] = [];
  const registry = {
    report: (report: WorkerReport) => Promise.resolve(void reports.push(report)),
    remove: () => Promise.resolve(),
  };
  const admission = new Admission(8192);
  const worker = { id: 'w1', model: 'm', host: 'h', pid: 7, startedAt: 1 };
  const heartbeat = new Heartbeat(registry, worker, admission);
  admission.measure(2048);
  await admission.enter(256, new AbortController().signal);
  heartbeat.start();
  heartbeat.draining();
  heartbeat.stop();
  const load = { ...worker, tokensInFlight: 256, tokenBudget: 2048 };
  expect(reports).toEqual([
    { ...load, state: 'serving' },
    { ...load, state: 'draining' },
  ]);
});
