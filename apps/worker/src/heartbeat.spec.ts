import { expect, it } from '@jest/globals';
import type { WorkerReport } from '@app/common/workers/worker-registry.js';
import { Heartbeat } from './heartbeat.js';
import { Admission } from './jobs/admission.js';

it('tells of the load, the budget that the engine measured, how the engine fares, and that the worker drains', async () => {
  const reports: WorkerReport[] = [];
  const registry = {
    report: (report: WorkerReport) => Promise.resolve(void reports.push(report)),
    remove: () => Promise.resolve(),
  };
  const admission = new Admission(8192);
  const worker = { id: 'w1', model: 'm', host: 'h', pid: 7, startedAt: 1 };
  let isOpen = false;
  const heartbeat = new Heartbeat(registry, worker, () => ({
    isOpen,
    engineDeaths: 1,
    lastEngineDeath: 'SIGKILL',
    tokensInFlight: admission.tokensInFlight,
    tokenBudget: admission.budget,
  }));
  admission.measure(2048);
  await admission.enter(256, new AbortController().signal);
  heartbeat.start();
  isOpen = true;
  heartbeat.beat();
  heartbeat.draining();
  heartbeat.stop();
  const load = { ...worker, engineDeaths: 1, lastEngineDeath: 'SIGKILL', tokensInFlight: 256, tokenBudget: 2048 };
  expect(reports).toEqual([
    { ...load, state: 'opening' },
    { ...load, state: 'serving' },
    { ...load, state: 'draining' },
  ]);
});
