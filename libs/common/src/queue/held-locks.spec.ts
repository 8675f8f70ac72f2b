import { describe, expect, it } from '@jest/globals';
import { HeldLocks } from './held-locks.js';

describe('HeldLocks', () => {
  const make = (extend: (ids: string[]) => Promise<string[]>) => {
    const lost: string[] = [];
    const clock = { now: 0 };
    const locks = new HeldLocks(
      (ids) => extend(ids),
      (id) => lost.push(id),
      () => clock.now,
    );
    return { locks, lost, clock };
  };

  it('keeps what is renewed in time', async () => {
    const { locks, lost, clock } = make(() => Promise.resolve([]));
    locks.hold('a', 't1', 0);
    for (clock.now = 3_000; clock.now < 30_000; clock.now += 3_000) {
      await locks.renew();
      locks.fence();
    }
    expect(lost).toEqual([]);
  });

  it('gives up at once what Redis says is gone', async () => {
    const { locks, lost } = make(() => Promise.resolve(['a']));
    locks.hold('a', 't1', 0);
    locks.hold('b', 't2', 0);
    await locks.renew();
    expect(lost).toEqual(['a']);
  });

  it('gives up before the lock runs out when a renewal hangs, and asks only once meanwhile', () => {
    let asked = 0;
    const { locks, lost, clock } = make(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    locks.hold('a', 't1', 0);
    void locks.renew();
    void locks.renew();
    expect(asked).toBe(1);
    clock.now = 9_000;
    locks.fence();
    expect(lost).toEqual([]);
    clock.now = 9_001;
    locks.fence();
    expect(lost).toEqual(['a']);
  });

  it('counts a renewal from when it was sent, not from when it was answered', async () => {
    const { locks, lost, clock } = make(() => {
      clock.now = 8_000;
      return Promise.resolve([]);
    });
    locks.hold('a', 't1', 0);
    clock.now = 3_000;
    await locks.renew();
    clock.now = 12_500;
    locks.fence();
    expect(lost).toEqual(['a']);
  });

  it('leaves a job alone that was fetched again while Redis was asked', async () => {
    let answer: (gone: string[]) => void = () => undefined;
    const { locks, lost } = make(() => new Promise((resolve) => (answer = resolve)));
    locks.hold('a', 't1', 0);
    const renewal = locks.renew();
    locks.release('a', 't1');
    locks.hold('a', 't2', 0);
    answer(['a']);
    await renewal;
    expect(lost).toEqual([]);
  });
});
