import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { firstTokens } from './first-tokens.js';
import { rmsNorm } from './norms.js';

/** Tables of one layout, shared by every sample of the batch: cosines and sines, each [positions, headWidth / 2]. */
export interface RotaryTables {
  cos: Value;
  sin: Value;
}

/** The heads of a projection [batch, length, headCount · headWidth], each normalised by RMS. Same shape out, float32. */
export function headNorm(
  scope: Scope,
  x: Value,
  { headCount, headWidth, epsilon }: { headCount: number; headWidth: number; epsilon: number },
): Value {
  const heads = scope.reshape(scope.cast(x, 'float32'), [0, 0, headCount, headWidth]);
  return scope.reshape(rmsNorm(scope, heads, headWidth, epsilon), [0, 0, headCount * headWidth]);
}

/**
 * Rotary position embedding of [batch, length, headCount · headWidth], float32, as the kernels multiply in the type of
 * their input; token i takes row i of the tables. Interleaved rotates adjacent pairs (Z-Image), otherwise the two halves of
 * a head (Qwen3).
 */
export function rotate(
  scope: Scope,
  x: Value,
  tables: RotaryTables,
  { headCount, interleaved }: { headCount: number; interleaved: boolean },
): Value {
  const attributes = { num_heads: headCount, interleaved: interleaved ? 1 : 0 };
  if (scope.graph.form.operators === 'standard') {
    return scope.op('RotaryEmbedding', [x, perSample(scope, tables.cos, x), perSample(scope, tables.sin, x)], {
      attributes,
    });
  }
  return scope.microsoftOp('RotaryEmbedding', [x, scope.graph.int64s([0]), tables.cos, tables.sin], { attributes });
}

/** A table's first rows, one for each token of x, for each sample of the batch: [batch, length, …]. */
function perSample(scope: Scope, table: Value, x: Value): Value {
  const { graph } = scope;
  const samples = scope.op('Shape', [x], { attributes: { start: 0, end: 1 }, type: 'int64' });
  const shape = scope.op('Concat', [samples, graph.int64s([1, 1])], { attributes: { axis: 0 } });
  return firstTokens(scope, scope.op('Expand', [table, shape]), x);
}

/**
 * Scaled dot-product attention. All of [batch, length, headCount · headWidth]. `keyMask` [length] int64 is 1 where a key is
 * attended, of every sample alike.
 */
export function attention(
  scope: Scope,
  { query, key, value }: { query: Value; key: Value; value: Value },
  { headCount, causal = false, keyMask }: { headCount: number; causal?: boolean; keyMask?: Value },
): Value {
  if (scope.graph.form.operators === 'standard') {
    const mask = keyMask ? [everyQuery(scope, keyMask)] : [];
    return scope.op('Attention', [query, key, value, ...mask], {
      attributes: { q_num_heads: headCount, kv_num_heads: headCount, is_causal: causal ? 1 : 0, softmax_precision: 1 },
    });
  }
  const perBatch = (mask: Value) => scope.op('Unsqueeze', [scope.cast(mask, 'int32'), scope.graph.int64s([0])]);
  const mask = keyMask ? [null, perBatch(keyMask)] : [];
  return scope.microsoftOp('MultiHeadAttention', [query, key, value, ...mask], {
    attributes: { num_heads: headCount, unidirectional: causal ? 1 : 0 },
  });
}

/** A mask of keys [length] for each query: [length, length] bool. */
function everyQuery(scope: Scope, keyMask: Value): Value {
  const { graph } = scope;
  const queries = scope.op('Shape', [keyMask]);
  const shape = scope.op('Concat', [queries, graph.int64s([1])], { attributes: { axis: 0 } });
  return scope.op('Expand', [scope.cast(keyMask, 'bool'), shape]);
}
