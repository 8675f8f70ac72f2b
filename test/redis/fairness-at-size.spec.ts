import { afterEach, describe, expect, it } from '@jest/globals';
import { workUnits } from '@app/common/jobs/cost.js';
import { lastPlace, placesPerUnit } from '@app/common/jobs/fair-place.js';
import { QueueRebase } from '@app/common/jobs/queue-rebase.js';
import { ModelQueues } from '@app/common/queue/model-queue.js';
import { generationRequest } from '../support/jobs.js';
import { median } from '../support/median.js';
import { QueueSimulation, type Arrival, type Served } from '../support/queue-simulation.js';
import { useRedis } from '../support/redis.js';

const { redis, redisUrl } = await useRedis();

const of = (served: readonly Served[], flow: string): Served[] => served.filter((job) => job.flow === flow);
const medianTookMs = (served: readonly Served[]): number =>
  median(served.map(({ postedMs, finishedMs }) => finishedMs - postedMs));
/** 256 × 256, 8 steps, by the catalog's rate for the nano models: 0.23 work units. */
const smallCost = workUnits(generationRequest, 9000);
const high = 'high' as const;
const low = 'low' as const;

describe('fairness at the size of a real backlog', () => {
  const simulations: QueueSimulation[] = [];

  afterEach(async () => {
    for (const simulation of simulations.splice(0)) await simulation.close();
  });

  const simulate = (slots: number): QueueSimulation => {
    const simulation = new QueueSimulation(redis, redisUrl, slots);
    simulations.push(simulation);
    return simulation;
  };

  it.each([
    { engine: 'four small images at once', slots: 4, serviceMs: 200, cost: smallCost, everyMs: 1000 },
    { engine: 'one large image at a time', slots: 1, serviceMs: 1250, cost: 1.25, everyMs: 4000 },
  ])(
    "A has 2,000 jobs waiting, B posts one now and then ($engine): B's median time to a result is at most twice an empty queue's, and as many jobs are done",
    async ({ slots, serviceMs, cost, everyMs }) => {
      const asks = 60;
      const untilMs = asks * everyMs;
      // Not in step with the engine.
      const arrivals: Arrival[] = Array.from({ length: asks }, (_, i) => ({
        atMs: i * everyMs + 37 * (i % 11),
        job: { tenant: 'b', cost },
        serviceMs,
      }));
      const empty = simulate(slots);
      await empty.run(untilMs, arrivals);
      const beside = simulate(slots);
      await beside.postMany(2000, { tenant: 'a', cost }, serviceMs);
      await beside.run(untilMs, arrivals);

      const b = of(beside.served, 'b:normal');
      expect(b).toHaveLength(asks);
      expect(medianTookMs(b)).toBeLessThanOrEqual(2 * medianTookMs(empty.served));
      // What A alone would have had started: no slot was ever empty.
      expect(beside.served).toHaveLength(slots * (untilMs / serviceMs + 1));
      expect(beside.outOfOrder).toBe(0);
    },
  );

  it('a high job passes a thousand normal ones of its own tenant', async () => {
    const queue = simulate(1);
    await queue.postMany(1000, { tenant: 'a' }, 1000);
    await queue.serve(10);
    const id = await queue.post({ tenant: 'a', priority: high }, 1000);
    const started = await queue.serve(2);
    expect(started.map((job) => job.id)).toContain(id);
  });

  it('low jobs are not starved: a flow gets its quarter beside each full weight', async () => {
    const queue = simulate(2);
    await queue.postMany(600, { tenant: 'a' }, 1000);
    await queue.postMany(600, { tenant: 'b' }, 1000);
    await queue.postMany(200, { tenant: 'a', priority: low }, 1000);
    await queue.postMany(100, { tenant: 'c', priority: low }, 1000);
    const served = await queue.serve(500);
    // Weights 1, 1, ¼ and ¼.
    const shares = ['a:normal', 'b:normal', 'a:low', 'c:low'].map((flow) => of(served, flow).length / served.length);
    for (const [i, share] of [0.4, 0.4, 0.1, 0.1].entries()) expect(Math.abs(shares[i]! - share)).toBeLessThan(0.01);
  });

  it('five hundred cancelled jobs cost their tenant nothing', async () => {
    const queue = simulate(1);
    const cancelled = await queue.postMany(500, { tenant: 'fickle' }, 1000);
    await queue.postMany(500, { tenant: 'steady' }, 1000);
    for (const id of cancelled) await queue.cancel(id);
    const [fickle, newcomer] = [
      await queue.post({ tenant: 'fickle' }, 1000),
      await queue.post({ tenant: 'new' }, 1000),
    ];
    const started = (await queue.serve(4)).map((job) => job.id);
    expect(started).toContain(fickle);
    expect(started).toContain(newcomer);
    expect(queue.outOfOrder).toBe(0);
  });

  it('shares of flows with any weights and sizes stay as close as the theorem on start-time fair queueing says', async () => {
    const queue = simulate(1);
    const flows = [
      { tenant: 'a', priority: 'normal', weight: 1, costs: [0.2, 7.3, 1] },
      { tenant: 'b', priority: 'normal', weight: 3, costs: [2, 2, 12.5] },
      { tenant: 'c', priority: high, weight: 0.5, costs: [4.1] },
      { tenant: 'd', priority: low, weight: 2, costs: [1, 9] },
    ] as const;
    for (let i = 0; i < 200; i++)
      for (const { costs, ...flow } of flows) await queue.post({ ...flow, cost: costs[i % costs.length]! }, 1000);
    const classWeight = { high: 4, normal: 1, low: 0.25 };
    const rates = flows.map(({ tenant, priority, weight, costs }) => ({
      flow: `${tenant}:${priority}`,
      weight: weight * classWeight[priority],
      largest: Math.max(...costs),
      served: 0,
    }));
    for (const { flow, cost } of await queue.serve(500)) {
      rates.find((rate) => rate.flow === flow)!.served += cost;
      for (const one of rates) {
        for (const other of rates) {
          // Goyal, Vin, Cheng 1997, theorem 1, from the start on, and a place more.
          const bound = one.largest / one.weight + other.largest / other.weight + 1 / placesPerUnit;
          expect(one.served / one.weight - other.served / other.weight).toBeLessThanOrEqual(bound);
        }
      }
    }
  });

  it('a rebase under load puts no job out of order', async () => {
    const queue = simulate(4);
    await queue.postMany(60, { tenant: 'first', cost: 5 }, 100);
    await queue.serve(50);
    await queue.postMany(1200, { tenant: 'a', cost: 0.375 }, 100);
    await queue.postMany(600, { tenant: 'b', cost: 0.025 }, 100);
    await queue.postMany(200, { tenant: 'c', cost: 0.875, priority: low }, 100);
    const baseBefore = Number(await redis.hget(queue.keys.fair, 'base'));
    const rebase = new QueueRebase(redis, new ModelQueues(redis), queue.model, 1000);
    const moving = rebase.run();
    const arrivals = Array.from({ length: 100 }, (_, i) => ({
      atMs: queue.nowMs + 25 * i,
      job: { tenant: `late-${i % 5}`, cost: 1 },
      serviceMs: 100,
    }));
    await queue.run(queue.nowMs + 2500, arrivals);
    expect(await moving).toBeGreaterThanOrEqual(2000);
    await queue.serve(300);
    expect(Number(await redis.hget(queue.keys.fair, 'base'))).toBeGreaterThan(baseBefore);
    expect(queue.outOfOrder).toBe(0);
  });

  it('a load that never drains runs past the whole range of places', async () => {
    const queue = simulate(1);
    const rebase = new QueueRebase(redis, new ModelQueues(redis), queue.model);
    const virtualTime = async (): Promise<number> => Number(await redis.hget(queue.keys.fair, 'v'));
    const post = (): Promise<string[]> =>
      Promise.all(['a', 'b'].map((tenant) => queue.post({ tenant, cost: 2_500 }, 1000)));
    for (let i = 0; i < 20; i++) await post();
    let rebases = 0;
    while ((await virtualTime()) < 1.2 * lastPlace) {
      await post();
      await queue.serve(2);
      if ((await rebase.run()) > 0) rebases += 1;
    }
    expect(rebases).toBeGreaterThanOrEqual(2);
    expect(queue.outOfOrder).toBe(0);
  });
});
