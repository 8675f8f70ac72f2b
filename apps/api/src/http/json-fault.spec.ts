import { describe, expect, it } from '@jest/globals';
import { jsonFault } from './json-fault.js';

describe('jsonFault', () => {
  it.each([
    ['', 'line 1, column 1: value expected'],
    ['{"a": 1,\n "b": 2,}', 'line 2, column 9: property name expected'],
    ['{"a" 1}', 'line 1, column 6: colon expected'],
    ['{"a": x}', 'line 1, column 7: invalid symbol'],
    ['{"a": 1', 'line 1, column 8: close brace expected'],
    ['[1 2]', 'line 1, column 4: comma expected'],
    ['{} {}', 'line 1, column 4: end of file expected'],
    ['{"a": "b', 'line 1, column 7: unexpected end of string'],
    ['{"a": 1 /* one */}', 'line 1, column 9: invalid comment token'],
  ])('of %j is at %s', (text, fault) => {
    expect(jsonFault(text)).toBe(fault);
  });

  it('has no place in a text that would take long to look through, or has too many levels', () => {
    expect(jsonFault(`"${'x'.repeat(2_000_000)}`)).toBe('is not JSON');
    expect(jsonFault('['.repeat(200_000))).toBe('is not JSON');
  });
});
