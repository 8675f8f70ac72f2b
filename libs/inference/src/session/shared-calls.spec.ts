import { describe, expect, it } from '@jest/globals';
import { Tensor } from '../tensor/tensor.js';
import { SharedCalls } from './shared-calls.js';

/** Calls of words, which share one when they are of equal length; a row holds its word's length. */
function callsOf(most: number, fails: (words: readonly string[]) => boolean = () => false) {
  const made: string[][] = [];
  const calls = new SharedCalls<string>(
    async (words) => {
      made.push([...words]);
      await new Promise((done) => setImmediate(done));
      if (fails(words)) throw new Error(`no ${words.join(' ')}`);
      return new Tensor(
        Float32Array.from(words, ({ length }) => length),
        [words.length, 1],
      );
    },
    { layout: ({ length }) => String(length), most: () => most },
  );
  return { calls, made };
}

describe('SharedCalls', () => {
  it('gives a call to those that are alike, as many as it may hold, the longest waiting first', async () => {
    const { calls, made } = callsOf(3);
    const words = ['a', 'bb', 'c', 'dd', 'e', 'f'];
    const rows = await Promise.all(words.map((word) => calls.run(word)));
    expect(made).toEqual([['a', 'c', 'e'], ['bb', 'dd'], ['f']]);
    expect(rows.map(({ data }) => data[0])).toEqual(words.map(({ length }) => length));
  });

  it('lets what comes while a call runs share the next', async () => {
    const { calls, made } = callsOf(4);
    const first = calls.run('a');
    await Promise.resolve();
    await Promise.all([first, calls.run('b'), calls.run('c')]);
    expect(made).toEqual([['a'], ['b', 'c']]);
    await calls.run('d');
    expect(made.at(-1)).toEqual(['d']);
  });

  it('makes calls of one where no more fit', async () => {
    const { calls, made } = callsOf(0);
    await Promise.all(['a', 'b'].map((word) => calls.run(word)));
    expect(made).toEqual([['a'], ['b']]);
  });

  it('fails those that shared the failed call alone', async () => {
    const { calls } = callsOf(2, (words) => words.includes('b'));
    const ends = await Promise.allSettled(['a', 'b', 'c'].map((word) => calls.run(word)));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });
});
