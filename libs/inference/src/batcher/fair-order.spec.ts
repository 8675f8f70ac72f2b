import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairOrder, type Place } from './fair-order.js';

interface Arrival {
  at: number;
  work: number;
}

/** When each ends, in work done, if the engine is shared equally at every moment, in pieces of `piece`. */
function endsOfEqualShares(arrivals: readonly Arrival[], piece: number): number[] {
  const left = arrivals.map(({ work }) => work);
  const ends = arrivals.map(() => NaN);
  let done = 0;
  while (left.some((each) => each > 0)) {
    const sharing = arrivals.flatMap(({ at }, i) => (at <= done && left[i]! > 0 ? [i] : []));
    done += piece;
    for (const i of sharing) {
      left[i]! -= piece / sharing.length;
      if (left[i]! < 1e-6) {
        left[i] = 0;
        ends[i] = done;
      }
    }
  }
  return ends;
}

/** When each ends if the first in order goes next, a piece at a time. */
function endsOfFairOrder(arrivals: readonly Arrival[], piece: number): number[] {
  const order = new FairOrder();
  const left = arrivals.map(({ work }) => work);
  const ends = arrivals.map(() => NaN);
  const places: (Place | undefined)[] = arrivals.map(() => undefined);
  let done = 0;
  while (left.some((each) => each > 0)) {
    arrivals.forEach(({ at, work }, i) => {
      if (at <= done) places[i] ??= order.enter(work);
    });
    const [next] = places
      .flatMap((place, i) => (place && left[i]! > 0 ? [{ i, ends: place.ends }] : []))
      .sort((a, b) => a.ends - b.ends);
    done += piece;
    if (!next) continue;
    order.serve(piece);
    left[next.i]! -= piece;
    if (left[next.i]! < 1e-6) {
      left[next.i] = 0;
      ends[next.i] = done;
    }
  }
  return ends;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('FairOrder', () => {
  it('ends no request later than equal shares would, whatever comes when', () => {
    const arrival = fc.record({ at: fc.nat({ max: 40 }), work: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 8 }), (arrivals) => {
        const shared = endsOfEqualShares(arrivals, 1 / 4);
        const ordered = endsOfFairOrder(arrivals, 1 / 4);
        // The pieces of equal shares are not infinitely small.
        ordered.forEach((end, i) => expect(end).toBeLessThanOrEqual(shared[i]! + arrivals.length / 2));
        expect(sum(ordered)).toBeLessThanOrEqual(sum(shared) + arrivals.length);
      }),
    );
  });

  it('lets equal ones end one after the other, where equal shares end them all at the last moment', () => {
    const arrivals = [1, 2, 3].map(() => ({ at: 0, work: 10 }));
    expect(endsOfFairOrder(arrivals, 1)).toEqual([10, 20, 30]);
  });

  it('does not count those that left', () => {
    const order = new FairOrder();
    const stays = order.enter(100);
    order.leave(order.enter(1000));
    order.serve(60);
    expect(order.enter(50).ends).toBeGreaterThan(stays.ends);
  });
});
