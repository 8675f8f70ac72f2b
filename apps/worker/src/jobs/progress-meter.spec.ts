import { describe, expect, it } from '@jest/globals';
import { ProgressMeter } from './progress-meter.js';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('ProgressMeter', () => {
  it('reports the first step, then at most once a second, and always the last', async () => {
    let now = 0;
    const reports: number[] = [];
    const meter = new ProgressMeter(
      8,
      (step) => {
        reports.push(step);
        return Promise.resolve();
      },
      () => now,
    );
    for (let step = 1; step <= 8; step++) {
      meter.advance(1);
      await turn();
      now += 300;
    }
    expect(reports).toEqual([1, 5, 8]);
  });

  it('sends no second report while the first is on its way, and survives a failed one', async () => {
    const reports: number[] = [];
    let fail: (error: Error) => void = () => undefined;
    let now = 0;
    const meter = new ProgressMeter(
      10,
      (step) => {
        reports.push(step);
        return new Promise((_, reject) => (fail = reject));
      },
      () => (now += 2000),
    );
    meter.advance(1);
    meter.advance(1);
    expect(reports).toEqual([1]);
    fail(new Error('Redis is away'));
    await turn();
    meter.advance(1);
    expect(reports).toEqual([1, 3]);
  });
});
