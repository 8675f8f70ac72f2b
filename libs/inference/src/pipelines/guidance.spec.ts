import { describe, expect, it } from '@jest/globals';
import { guidanceScaleAt, guide } from './guidance.js';

const positive = Float32Array.of(3, 4);
const negative = Float32Array.of(1, 4);

describe('guide', () => {
  it('is positive + scale · (positive − negative)', () => {
    expect(guide(positive, negative, 2, 0)).toEqual(Float32Array.of(7, 4));
  });

  it('scales a prediction down to the bound on its norm', () => {
    const guided = guide(positive, negative, 2, 1);
    expect(Math.hypot(...guided)).toBeCloseTo(5, 5);
    expect(guided[0]! / guided[1]!).toBeCloseTo(7 / 4, 5);
  });

  it('leaves a prediction inside the bound as it is', () => {
    expect(guide(positive, negative, 2, 2)).toEqual(Float32Array.of(7, 4));
    expect(guide(positive, Float32Array.of(6, 8), 0.5, 1)).toEqual(Float32Array.of(1.5, 2));
  });
});

describe('guidanceScaleAt', () => {
  it('ends guidance where time is above the truncation', () => {
    const guidance = { scale: 5, normalization: 0, truncation: 0.7 };
    expect([0, 0.7, 0.71, 1].map((time) => guidanceScaleAt(guidance, time))).toEqual([5, 5, 0, 0]);
  });
});
