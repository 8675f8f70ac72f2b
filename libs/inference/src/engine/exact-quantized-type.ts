import type { QuantizedType } from '../graph/graph-form.js';
import { int8Product } from '../layers/int8-product.js';
import { runProbe } from './run-probe.js';

const terms = 64;

/**
 * The faster type of quantized weights that this CPU computes exactly with. One without the VNNI instructions multiplies uint8 by
 * int8 with VPMADDUBSW, whose sums of two products end at 32,767 (ONNX Runtime's kernel for AVX2): images would be less like
 * float32's, and others than on another machine. Its kernel for uint8 weights is exact, and slower where there is VNNI.
 */
export async function exactQuantizedType(): Promise<QuantizedType> {
  // All at the ends of their ranges: 255 × 127 twice is more than 32,767.
  const product = await runProbe(['cpu'], terms, (scope, row) =>
    int8Product(scope, row, scope.graph.float32s(new Array<number>(terms).fill(1), [1, terms]), 'int8'),
  );
  return Math.abs(product / terms - 1) < 0.01 ? 'int8' : 'uint8';
}
