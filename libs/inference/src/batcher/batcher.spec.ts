import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import { Batcher } from './batcher.js';
import { BatcherClosed } from './batcher-closed.js';
import type { BatcherLimits, StepPort } from './step-port.js';

interface FakeRequest {
  name: string;
  steps: number;
  tokens?: number;
  /** One layout, or two for a guidance pair. */
  layouts?: string[];
  fails?: 'prepare' | 'evaluate' | 'finish' | 'preview';
}
interface FakeState {
  request: FakeRequest;
  step: number;
  sum: number;
}
interface FakeSample {
  owner: FakeRequest;
  step: number;
  layout: string;
}

/** A pipeline whose result is the sum of its outputs, each of which depends on its own sample alone. */
class FakePipeline implements StepPort<FakeRequest, FakeState, FakeSample, number, number> {
  readonly calls: FakeSample[][] = [];
  readonly log: string[] = [];
  /** Held decodes end when this is called. */
  private readonly held: (() => void)[] = [];
  private readonly underWay: string[] = [];

  tokens = ({ tokens = 100 }: FakeRequest): number => tokens;
  steps = ({ steps }: FakeRequest): number => steps;
  prepare = (request: FakeRequest): Promise<FakeState> =>
    this.work(`prepare ${request.name}`, request.fails === 'prepare', () => ({ request, step: 0, sum: 0 }));
  samples = ({ request, step }: FakeState): FakeSample[] =>
    step === request.steps ? [] : (request.layouts ?? ['a']).map((layout) => ({ owner: request, step, layout }));
  layout = ({ layout }: FakeSample): string => layout;
  evaluate = (samples: readonly FakeSample[]): Promise<Tensor[]> => {
    this.calls.push([...samples]);
    const names = samples.map(({ owner, step }) => `${owner.name}${step}`).join(' ');
    return this.work(
      `call ${names}`,
      samples.some(({ owner }) => owner.fails === 'evaluate'),
      () => samples.map(({ owner, step, layout }) => Tensor.filled([1], expectedOutput(owner, step, layout))),
    );
  };
  advance = ({ request, step, sum }: FakeState, outputs: readonly Tensor[]): FakeState => ({
    request,
    step: step + 1,
    sum: outputs.reduce((total, output) => total + (output.data[0] ?? NaN), sum),
  });
  finish = ({ request, sum }: FakeState): Promise<number> =>
    this.work(`finish ${request.name}`, request.fails === 'finish', () => sum);
  preview = ({ request, step, sum }: FakeState): Promise<number> =>
    this.work(`preview ${request.name}${step}`, request.fails === 'preview', () => sum);

  /** Decodes and previews of this request go on until `release`. */
  holds = '';
  /** As the batcher's limit says. */
  finishesAtOnce = 1;
  release(): void {
    this.holds = '';
    for (const end of this.held.splice(0)) end();
  }

  private async work<T>(label: string, fails: boolean, make: () => T): Promise<T> {
    this.log.push(label);
    const [stage = ''] = label.split(' ');
    const lane = stage === 'preview' ? 'finish' : stage;
    const beside = this.underWay.filter((each) => each === lane).length;
    if (lane !== 'prepare') expect(beside).toBeLessThan(stage === 'finish' ? this.finishesAtOnce : 1);
    this.underWay.push(lane);
    await nextTurn();
    if (lane === 'finish' && this.holds !== '' && label.includes(` ${this.holds}`)) {
      await new Promise<void>((end) => this.held.push(end));
    }
    this.underWay.splice(this.underWay.indexOf(lane), 1);
    if (fails) throw new Error(`${label} failed`);
    return make();
  }
}

const expectedOutput = ({ name }: FakeRequest, step: number, layout: string): number =>
  name.length * 1000 + step * 10 + layout.length;
const expectedResult = (request: FakeRequest): number => {
  let sum = 0;
  for (let step = 0; step < request.steps; step++) {
    for (const layout of request.layouts ?? ['a']) sum += expectedOutput(request, step, layout);
  }
  return sum;
};

const setUp = (limits: Partial<BatcherLimits> = {}) => {
  const pipeline = new FakePipeline();
  const batcher = new Batcher(pipeline, {
    tokenBudget: 10_000,
    samplesPerCall: 4,
    tokensPerCall: Infinity,
    finishesAtOnce: 1,
    ...limits,
  });
  pipeline.finishesAtOnce = limits.finishesAtOnce ?? 1;
  const names = (): string[] => pipeline.calls.map((call) => call.map(({ owner }) => owner.name).join(''));
  return { pipeline, batcher, names };
};
const reason = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (e: unknown) => e,
  );

describe('Batcher', () => {
  it('runs a request through its steps and reports them', async () => {
    const { pipeline, batcher } = setUp();
    const request = { name: 'x', steps: 3 };
    const steps: number[] = [];
    const { result, batch, computeMs } = await batcher.run(request, { onStep: (step) => steps.push(step) });
    expect(result).toBe(expectedResult(request));
    expect(steps).toEqual([1, 2, 3]);
    expect(batch).toEqual({ max: 1, mean: 1 });
    expect(computeMs).toBeGreaterThan(0);
    expect(pipeline.log).toEqual(['prepare x', 'call x0', 'call x1', 'call x2', 'finish x']);
    expect(batcher.tokensInFlight).toBe(0);
  });

  it('shares calls between requests of one layout, at most four samples each', async () => {
    const { batcher, names } = setUp();
    const results = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => batcher.run({ name, steps: 4 })));
    expect(names()[0]).toBe('abcd');
    expect(Math.max(...names().map((call) => call.length))).toBe(4);
    expect(results[0]!.batch.max).toBe(4);
    expect(results[0]!.batch.mean).toBeGreaterThan(1);
  });

  it('lets a newcomer join at the next call once it is prepared, at its own step', async () => {
    const { pipeline, batcher } = setUp();
    let second: Promise<unknown> = Promise.resolve();
    await batcher.run(
      { name: 'a', steps: 6 },
      {
        onStep: (step) => {
          if (step === 2) second = batcher.run({ name: 'b', steps: 2 });
        },
      },
    );
    await second;
    const together = pipeline.calls.filter((call) => call.length === 2);
    expect(together).toHaveLength(2);
    expect(together[0]!.map(({ step }) => step).sort()).toEqual([0, 3]);
  });

  it('never mixes layouts, and completes a guidance pair from two calls', async () => {
    const { pipeline, batcher } = setUp();
    const guided = { name: 'g', steps: 3, layouts: ['long', 'short'], tokens: 200 };
    const plain = { name: 'p', steps: 3, layouts: ['short'] };
    const [one, two] = await Promise.all([batcher.run(guided), batcher.run(plain)]);
    expect(one.result).toBe(expectedResult(guided));
    expect(two.result).toBe(expectedResult(plain));
    for (const call of pipeline.calls) expect(new Set(call.map(({ layout }) => layout)).size).toBe(1);
    expect(two.batch.max).toBe(2);
  });

  it('puts both halves of a guidance pair of one layout into one call', async () => {
    const { pipeline, batcher } = setUp();
    const { batch } = await batcher.run({ name: 'g', steps: 2, layouts: ['a', 'a'] });
    expect(pipeline.calls.map((call) => call.length)).toEqual([2, 2]);
    expect(batch.max).toBe(1);
  });

  it('gives a request that asks for it calls of its own', async () => {
    const { batcher, names } = setUp();
    const [alone, other] = await Promise.all([
      batcher.run({ name: 'a', steps: 3 }, { alone: true }),
      batcher.run({ name: 'b', steps: 3 }),
      batcher.run({ name: 'c', steps: 3 }),
    ]);
    expect(alone.batch).toEqual({ max: 1, mean: 1 });
    expect(other.batch.max).toBe(2);
    expect(names().filter((call) => call.includes('a'))).toEqual(['a', 'a', 'a']);
  });

  it('finishes requests together where they may, and loses none of them to the failure of another', async () => {
    const { pipeline, batcher } = setUp({ finishesAtOnce: 2 });
    pipeline.holds = 'a';
    const requests = [
      { name: 'a', steps: 1 },
      { name: 'b', steps: 1, fails: 'finish' as const },
      { name: 'c', steps: 1 },
    ];
    const ends = requests.map((request) => reason(batcher.run(request)));
    expect(await ends[1]).toEqual(new Error('finish b failed'));
    expect(pipeline.log.filter((entry) => entry.startsWith('finish'))).toEqual(['finish a', 'finish b']);
    pipeline.release();
    expect(await Promise.all([ends[0], ends[2]])).toEqual(['resolved', 'resolved']);
  });

  it('does not hold a small request behind a large one for more than one step', async () => {
    const { pipeline, batcher } = setUp();
    const large = batcher.run({ name: 'L', steps: 5, tokens: 4096, layouts: ['large'] });
    await nextTurn();
    const small = batcher.run({ name: 's', steps: 8, tokens: 64, layouts: ['small'] });
    await small;
    const order = pipeline.calls.map(([sample]) => sample!.owner.name).join('');
    expect(order.slice(0, order.lastIndexOf('s')).replaceAll('s', '').length).toBeLessThanOrEqual(1);
    await large;
  });

  it('ends large requests one after the other, not all at the end, and puts no more tokens into a call than gain by it', async () => {
    const { batcher, names } = setUp({ tokensPerCall: 900 });
    const large = { steps: 4, tokens: 500, layouts: ['large'] };
    const small = { steps: 2, tokens: 100, layouts: ['small'] };
    const requests = ['A', 'B']
      .map((name) => ({ name, ...large }))
      .concat(['s', 't'].map((name) => ({ name, ...small })));
    await Promise.all(requests.map((request) => batcher.run(request)));
    expect(names()).toEqual(['st', 'st', 'A', 'A', 'A', 'A', 'B', 'B', 'B', 'B']);
  });

  it('does not starve a large request under a stream of small ones', async () => {
    const { pipeline, batcher } = setUp();
    let large = true;
    const done = batcher.run({ name: 'L', steps: 3, tokens: 1000, layouts: ['large'] }).then(() => (large = false));
    const stream = async (): Promise<void> => {
      for (let i = 0; i < 200 && large; i++) await batcher.run({ name: 's', steps: 4, layouts: ['small'] });
    };
    await Promise.all([stream(), stream(), done]);
    expect(pipeline.calls.length).toBeLessThan(60);
  });

  it('admits in order of arrival while the budget holds; one above the budget runs when nothing else does', async () => {
    const { pipeline, batcher } = setUp({ tokenBudget: 250 });
    const requests = [
      { name: 'a', steps: 2 },
      { name: 'b', steps: 2 },
      { name: 'H', steps: 2, tokens: 900 },
      { name: 'c', steps: 2 },
    ];
    const all = Promise.all(requests.map((request) => batcher.run(request)));
    expect(batcher.tokensInFlight).toBe(1200);
    await all;
    const order = pipeline.log.filter((line) => !line.startsWith('call'));
    expect(order.indexOf('prepare H')).toBeGreaterThan(order.indexOf('finish b'));
    expect(order.indexOf('prepare c')).toBeGreaterThan(order.indexOf('finish H'));
  });

  it('goes on stepping while an image is decoded', async () => {
    const { pipeline, batcher } = setUp();
    pipeline.holds = 'a';
    const decoded = batcher.run({ name: 'a', steps: 1 });
    const other = await batcher.run({ name: 'b', steps: 6 }, { onStep: (step) => step === 6 && pipeline.release() });
    expect((await decoded).result).toBe(expectedResult({ name: 'a', steps: 1 }));
    expect(other.result).toBe(expectedResult({ name: 'b', steps: 6 }));
    const decode = pipeline.log.indexOf('finish a');
    expect(pipeline.log.slice(decode).filter((line) => line.startsWith('call b')).length).toBeGreaterThanOrEqual(4);
  });

  it('decodes in the order of its calls', async () => {
    const { pipeline, batcher } = setUp();
    pipeline.holds = 'a';
    const first = batcher.run({ name: 'a', steps: 1 });
    const large = batcher.run({ name: 'L', steps: 2, tokens: 4096, layouts: ['large'] });
    const small = batcher.run({ name: 's', steps: 2, layouts: ['small'] });
    while (batcher.tokensInFlight > 0 && pipeline.calls.length < 5) await nextTurn();
    for (let turns = 0; turns < 5; turns++) await nextTurn();
    pipeline.release();
    await Promise.all([first, large, small]);
    expect(pipeline.log.filter((line) => line.startsWith('finish'))).toEqual(['finish a', 'finish s', 'finish L']);
  });

  it('previews a request as asked, never its last step', async () => {
    const { batcher } = setUp();
    const previews: [number, number][] = [];
    const request = { name: 'p', steps: 6 };
    const onPreview = (step: number, sum: number): void => void previews.push([step, sum]);
    await batcher.run(request, { previewEvery: 3, onPreview });
    expect(previews).toEqual([[3, expectedResult({ ...request, steps: 3 })]]);
  });

  it('leaves out previews that a newer one overtakes, and decodes what is done before them', async () => {
    const { pipeline, batcher } = setUp();
    const previews: number[] = [];
    pipeline.holds = 'p1';
    const onPreview = (step: number): void => void previews.push(step);
    const onStep = (step: number): boolean => step === 6 && (pipeline.release(), true);
    const [, other] = await Promise.all([
      batcher.run({ name: 'p', steps: 30 }, { previewEvery: 1, onPreview, onStep }),
      batcher.run({ name: 'b', steps: 4 }),
    ]);
    expect(other.result).toBe(expectedResult({ name: 'b', steps: 4 }));
    expect(previews.slice(0, 2)[0]).toBe(1);
    expect(previews[1]).toBeGreaterThanOrEqual(6);
    const decodes = pipeline.log.filter((line) => /^(finish|preview)/.test(line));
    expect(decodes.slice(0, 2)).toEqual(['preview p1', 'finish b']);
  });

  it('tells an aborted request so while another is decoded', async () => {
    const { pipeline, batcher } = setUp({ tokenBudget: 100 });
    pipeline.holds = 'a';
    const decoded = batcher.run({ name: 'a', steps: 1 });
    const abort = new AbortController();
    const waiting = reason(batcher.run({ name: 'w', steps: 1 }, { signal: abort.signal }));
    while (!pipeline.log.includes('finish a')) await nextTurn();
    abort.abort(new Error('canceled'));
    expect(await waiting).toMatchObject({ message: 'canceled' });
    pipeline.release();
    await decoded;
  });

  it.each(['prepare', 'finish'] as const)('keeps a failure of %s to its request', async (stage) => {
    const { batcher } = setUp();
    const [bad, good] = await Promise.all([
      reason(batcher.run({ name: 'bad', steps: 2, fails: stage })),
      batcher.run({ name: 'good', steps: 2 }),
    ]);
    expect(bad).toMatchObject({ message: `${stage} bad failed` });
    expect(good.result).toBe(expectedResult({ name: 'good', steps: 2 }));
  });

  it('keeps a failed call to the requests in it', async () => {
    const { batcher } = setUp();
    const [bad, neighbour, other] = await Promise.all([
      reason(batcher.run({ name: 'bad', steps: 2, fails: 'evaluate' })),
      reason(batcher.run({ name: 'neighbour', steps: 2 })),
      batcher.run({ name: 'other', steps: 2, layouts: ['b'] }),
    ]);
    expect(bad).toBeInstanceOf(Error);
    expect(neighbour).toBe(bad);
    expect(other.result).toBe(expectedResult({ name: 'other', steps: 2, layouts: ['b'] }));
    expect((await batcher.run({ name: 'later', steps: 1 })).result).toBe(expectedResult({ name: 'later', steps: 1 }));
  });

  it('keeps a failing observer to its request', async () => {
    const { batcher } = setUp();
    const broken = {
      onStep: () => {
        throw new Error('observer');
      },
    };
    const [bad, good] = await Promise.all([
      reason(batcher.run({ name: 'a', steps: 2 }, broken)),
      batcher.run({ name: 'b', steps: 2 }),
    ]);
    expect(bad).toMatchObject({ message: 'observer' });
    expect(good.result).toBe(expectedResult({ name: 'b', steps: 2 }));
  });

  it('takes an aborted request out at the next boundary', async () => {
    const { pipeline, batcher } = setUp();
    const abort = new AbortController();
    const canceled = batcher.run(
      { name: 'a', steps: 100 },
      {
        signal: abort.signal,
        onStep: (step) => {
          if (step === 2) abort.abort(new Error('canceled'));
        },
      },
    );
    const [why, other] = await Promise.all([reason(canceled), batcher.run({ name: 'b', steps: 5 })]);
    expect(why).toMatchObject({ message: 'canceled' });
    expect(other.result).toBe(expectedResult({ name: 'b', steps: 5 }));
    expect(pipeline.calls.flat().filter(({ owner }) => owner.name === 'a')).toHaveLength(2);
    expect(await reason(batcher.run({ name: 'c', steps: 1 }, { signal: abort.signal }))).toBe(abort.signal.reason);
  });

  it('rejects everything on close, and what comes after', async () => {
    const { batcher } = setUp();
    const running = reason(batcher.run({ name: 'a', steps: 1000 }));
    await nextTurn();
    await batcher.close();
    expect(await running).toBeInstanceOf(BatcherClosed);
    expect(await reason(batcher.run({ name: 'b', steps: 1 }))).toMatchObject({
      code: 'engine_closed',
      retryable: true,
    });
  });

  it('gives every request its own result under random arrivals, layouts and cancels', async () => {
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 48271) % 0x7fffffff) % n;
    const { batcher } = setUp({ tokenBudget: 700 });
    const runs: Promise<void>[] = [];
    for (let i = 0; i < 150; i++) {
      const request = {
        name: 'r'.repeat(1 + random(9)),
        steps: 1 + random(6),
        tokens: 50 + random(400),
        layouts: [['a'], ['bb'], ['a', 'a'], ['a', 'bb']][random(4)]!,
      };
      const abort = new AbortController();
      const run = batcher.run(request, { alone: random(8) === 0, signal: abort.signal });
      runs.push(
        run.then(
          ({ result }) => expect(result).toBe(expectedResult(request)),
          (error: unknown) => expect(error).toBe(abort.signal.reason),
        ),
      );
      if (random(5) === 0) setTimeout(() => abort.abort(), random(20));
      for (let turns = random(4); turns > 0; turns--) await nextTurn();
    }
    await Promise.all(runs);
    expect(batcher.tokensInFlight).toBe(0);
  });
});
