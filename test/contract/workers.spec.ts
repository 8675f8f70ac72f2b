import { expect, it } from '@jest/globals';
import { WorkerRegistry } from '@app/common/workers/worker-registry.js';
import { useApi } from '../support/api.js';

const { api, redis } = await useApi();

const model = 'z-image-nano-turbo';

const modelNow = async () => {
  const { json } = await api.call('/v1/models', { key: await api.keyOf({ tenant: 'acme' }) });
  return (json as { models: { name: string }[] }).models.find(({ name }) => name === model);
};

it('says that a model without workers is cold, and how long work waits for those there are', async () => {
  await api.post(await api.keyOf({ tenant: 'acme' }), { prompt: 'x', model });
  expect(await modelNow()).toMatchObject({ cold: true, workers: 0, estimated_wait_s: null, backlog: { jobs: 1 } });

  const registry = new WorkerRegistry(redis);
  const report = {
    model,
    host: 'h',
    state: 'serving' as const,
    tokensInFlight: 256,
    tokenBudget: 8192,
    startedAt: 1,
    engineDeaths: 0,
    lastEngineDeath: null,
  };
  for (const pid of [1, 2]) await registry.report({ ...report, id: `w${pid}`, pid });
  const warm = (await modelNow()) as unknown as { estimated_wait_s: number; backlog: { units: number } };
  expect(warm).toMatchObject({ cold: false, workers: 2 });
  expect(warm.estimated_wait_s).toBeCloseTo(warm.backlog.units / 2);

  const admin = await api.keyOf({ tenant: 'ops', scopes: ['admin'] });
  expect((await api.call('/v1/workers', { key: admin })).json).toMatchObject({
    workers: [{ id: 'w1', pid: 1, state: 'serving', tokens_in_flight: 256 }, { id: 'w2' }],
  });
  await registry.report({ ...report, id: 'w3', pid: 3, state: 'opening', engineDeaths: 2, lastEngineDeath: 'SIGKILL' });
  expect((await api.call('/v1/workers', { key: admin })).json).toMatchObject({
    workers: [{}, {}, { state: 'opening', engine_deaths: 2, last_engine_death: 'SIGKILL' }],
  });
  // One that opens its checkpoint serves nobody yet.
  expect(await modelNow()).toMatchObject({ workers: 2 });
  await registry.remove({ model, id: 'w1' });
  expect(await modelNow()).toMatchObject({ workers: 1 });
});

it('gives autoscalers the backlog of a model, by a key that can do nothing else', async () => {
  const key = await api.keyOf({ tenant: 'keda', scopes: ['metrics'] });
  const { json } = await api.call(`/v1/models/${model}/backlog`, { key });
  expect(json).toEqual({ gpu_seconds: expect.any(Number), jobs: 1 });
  expect((json as { gpu_seconds: number }).gpu_seconds).toBeGreaterThan(0);
  expect((await api.call('/v1/models/none/backlog', { key })).status).toBe(404);
  expect((await api.call('/v1/jobs', { key })).status).toBe(403);
});
