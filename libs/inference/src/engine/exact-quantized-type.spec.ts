import { describe, expect, it } from '@jest/globals';
import { int8Product } from '../layers/int8-product.js';
import { exactQuantizedType } from './exact-quantized-type.js';
import { runProbe } from './run-probe.js';

describe('exactQuantizedType', () => {
  it.each(['what it picks', 'uint8'])('%s multiplies the largest values exactly', async (type) => {
    const picked = type === 'uint8' ? type : await exactQuantizedType();
    const weight = [1, 1, -1, 1, 1, 1, 1, 1];
    const product = await runProbe(['cpu'], weight.length, (scope, row) =>
      int8Product(scope, row, scope.graph.float32s(weight, [1, weight.length]), picked),
    );
    expect(product).toBeCloseTo(6, 5);
  });
});
