import { describe, expect, it } from '@jest/globals';
import { Admission } from './admission.js';

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Asks for room and notes when it is given. */
function ask(admission: Admission, tokens: number, signal = never) {
  const asked = { entered: false, leave: (): void => undefined, promise: Promise.resolve() };
  asked.promise = admission.enter(tokens, signal).then((leave) => {
    asked.entered = true;
    asked.leave = leave;
  });
  return asked;
}

describe('Admission', () => {
  it('lets in what fits and makes the rest wait in order', async () => {
    const admission = new Admission(10);
    const [first, large, small] = [ask(admission, 6), ask(admission, 6), ask(admission, 1)];
    await turn();
    expect([first.entered, large.entered, small.entered]).toEqual([true, false, false]);
    first.leave();
    await turn();
    expect([large.entered, small.entered]).toEqual([true, true]);
    expect(admission.tokensInFlight).toBe(7);
  });

  it('takes no more than the engine measured, nor than it was given', async () => {
    const admission = new Admission(10);
    admission.measure(6);
    expect(admission.budget).toBe(6);
    const [first, second] = [ask(admission, 5), ask(admission, 5)];
    await turn();
    expect([first.entered, second.entered]).toEqual([true, false]);
    admission.measure(100);
    await turn();
    expect([admission.budget, second.entered]).toEqual([10, true]);
  });

  it('lets an image above the budget into an empty engine only', async () => {
    const admission = new Admission(10);
    const [small, huge] = [ask(admission, 1), ask(admission, 99)];
    await turn();
    expect(huge.entered).toBe(false);
    small.leave();
    await turn();
    expect(huge.entered).toBe(true);
  });

  it('has room when nobody waits and the budget is not used up', async () => {
    const admission = new Admission(10);
    const full = ask(admission, 10);
    await turn();
    let room = false;
    const waiting = admission.room().then(() => (room = true));
    await turn();
    expect(room).toBe(false);
    full.leave();
    await waiting;
  });

  it('forgets a waiter whose signal aborts, and lets the next one in', async () => {
    const admission = new Admission(10);
    const abort = new AbortController();
    const first = ask(admission, 5);
    const parked = ask(admission, 10, abort.signal);
    const next = ask(admission, 5);
    await turn();
    abort.abort(new Error('canceled'));
    await expect(parked.promise).rejects.toThrow('canceled');
    await next.promise;
    expect([first.entered, next.entered]).toEqual([true, true]);
  });

  it('takes a place back once, however often it is given', async () => {
    const admission = new Admission(10);
    const first = ask(admission, 4);
    const second = ask(admission, 4);
    await turn();
    first.leave();
    first.leave();
    expect(admission.tokensInFlight).toBe(4);
    second.leave();
  });

  it('shrinks once for a shortage that several requests report', async () => {
    let clock = 0;
    const admission = new Admission(100, () => clock);
    admission.shrink();
    admission.shrink();
    expect(admission.budget).toBe(75);
    clock = 1000;
    admission.shrink();
    expect(admission.budget).toBe(56);
    const [first, second] = [ask(admission, 50), ask(admission, 10)];
    await turn();
    expect([first.entered, second.entered]).toEqual([true, false]);
    first.leave();
    await second.promise;
  });

  it('takes more again when it was full for five minutes without a shortage, and waits longer after each that was too much', async () => {
    const minute = 60_000;
    let clock = 0;
    const admission = new Admission(100, () => clock);
    const makeOne = async (tokens: number): Promise<number> => {
      const leave = await admission.enter(tokens, never);
      leave('made');
      return admission.budget;
    };
    admission.shrink();
    expect(await makeOne(75)).toBe(75);
    clock = 5 * minute;
    // Not by an engine that was not full, nor by an image that failed.
    expect(await makeOne(30)).toBe(75);
    (await admission.enter(75, never))();
    expect(admission.budget).toBe(75);
    expect(await makeOne(75)).toBe(83);
    expect(await makeOne(83)).toBe(83);

    admission.shrink();
    expect(admission.budget).toBe(62);
    clock += 6 * minute;
    expect(await makeOne(62)).toBe(62);
    for (let i = 0; i < 10; i++) {
      clock += 10 * minute;
      await makeOne(admission.budget);
    }
    expect(admission.budget).toBe(100);
  });
});
