import { describe, expect, it } from '@jest/globals';
import { randomFrom } from '../../../../test/support/random-from.js';
import { jsonFault } from './json-fault.js';

const sample = '{"a": [1, -2.5e+3, "x\\n\\u00e9\\"", {}, []], "b": {"c": null, "d": [true, false]}}';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('jsonFault', () => {
  it.each([
    ['', 0, 'a value'],
    ['{"a": 1,}', 8, 'a name in double quotes'],
    ["{'a': 1}", 1, 'a name in double quotes or }'],
    ['{"a" 1}', 5, 'a colon'],
    ['{"a": x}', 6, 'a value'],
    ['{"a": 1', 7, 'a comma or }'],
    ['[1 2]', 3, 'a comma or ]'],
    ['[01]', 2, 'a comma or ]'],
    ['[', 1, 'a value or ]'],
    ['{} {}', 3, 'nothing more'],
    ['"ab', 3, 'the closing double quote'],
    ['"a\\x"', 2, 'an escape that JSON knows'],
    ['"a\nb"', 2, 'an escape: this control character cannot stand in a text'],
  ])('of %j is at %i', (text, offset, expected) => {
    expect(jsonFault(text)).toEqual({ offset, expected });
  });

  it.each([sample, ' 7 ', '"x"', 'null', '[[[]]]', '"\u007f\ud800"'])('is none in %j', (text) => {
    expect(jsonFault(text)).toBeNull();
  });

  it('agrees with JSON.parse on what is JSON, and is where no text before it goes wrong', () => {
    const random = randomFrom(1);
    const characters = [...new Set(sample), '\t', '\u0001', 'E'];
    let faults = 0;
    for (let round = 0; round < 3_000; round++) {
      const at = random(sample.length);
      const inserted = Array.from({ length: random(3) }, () => characters[random(characters.length)]!).join('');
      const text = sample.slice(0, at) + inserted + sample.slice(at + random(3));
      const fault = jsonFault(text);
      expect([text, fault === null]).toEqual([text, isJson(text)]);
      if (!fault) continue;
      faults += 1;
      // What stands before the fault has none: cut off there, the text is JSON or lacks its end.
      const before = jsonFault(text.slice(0, fault.offset));
      expect([text, before?.offset ?? fault.offset]).toEqual([text, fault.offset]);
    }
    expect(faults).toBeGreaterThan(1_000);
  });

  it('is found in a text of many levels, and in a long one', () => {
    expect(jsonFault('['.repeat(1_000_000))).toEqual({ offset: 1_000_000, expected: 'a value or ]' });
    expect(jsonFault(`"${'x'.repeat(20_000_000)}`)?.offset).toBe(20_000_001);
  });
});
