import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HangWatch } from './hang-watch.js';

describe('HangWatch', () => {
  let clock: number;
  let inHand: number;
  let reasons: string[];
  let watch: HangWatch;

  beforeEach(() => {
    [clock, inHand, reasons] = [0, 0, []];
    watch = new HangWatch(
      5_000,
      () => inHand,
      (reason) => reasons.push(reason),
      () => clock,
    );
    watch.start();
  });
  afterEach(() => watch.stop());

  /** Looks every second, with a heartbeat before each look. */
  const beat = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      clock += 1000;
      watch.heard();
      watch.look();
    }
  };

  it('lets an idle host beat for ever', () => {
    beat(100);
    expect(reasons).toEqual([]);
  });

  it('notices a host whose heart stops', () => {
    clock = 5_001;
    watch.look();
    expect(reasons).toEqual(['no sign of life for 5 s']);
  });

  it('notices a host that beats and makes no step', () => {
    beat(100);
    inHand = 1;
    watch.began();
    beat(5);
    expect(reasons).toEqual([]);
    beat(1);
    expect(reasons).toEqual(['no step for 5 s']);
  });

  it('waits longer where a turn is known to take longer', () => {
    inHand = 1;
    watch.began();
    beat(2);
    watch.progressed();
    beat(40);
    expect(reasons).toEqual([]);
    beat(1);
    expect(reasons).toEqual(['no step for 40 s']);
  });
});
