import { expect, it } from '@jest/globals';
import { preferredWaitSeconds } from './prefer.js';

it.each([
  [undefined, 0],
  ['', 0],
  ['respond-async', 0],
  ['wait=10', 10],
  ['WAIT = "10"', 10],
  ['respond-async, wait=10; foo', 10],
  ['wait=10, wait=20', 10],
  ['wait=3600', 60],
  ['wait=0', 0],
  ['wait=-1', 0],
  ['wait=soon', 0],
  ['await=10', 0],
])('Prefer: %s waits %d s', (header, seconds) => {
  expect(preferredWaitSeconds(header)).toBe(seconds);
});
