import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';
import { rmsNorm } from './norms.js';

/** Tables of one layout, shared by every sample of the batch: cosines and sines, each [positions, headWidth / 2]. */
export interface RotaryTables {
  cos: Value;
  sin: Value;
}

/** The heads of a projection [batch, length, headCount · headWidth], each normalised by RMS. Same shape out. */
export function headNorm(
  scope: Scope,
  x: Value,
  { headCount, headWidth, epsilon }: { headCount: number; headWidth: number; epsilon: number },
): Value {
  const heads = scope.reshape(x, [0, 0, headCount, headWidth]);
  return scope.reshape(rmsNorm(scope, heads, headWidth, epsilon), [0, 0, headCount * headWidth]);
}

/**
 * Rotary position embedding of [batch, length, headCount · headWidth]; token i takes row i of the tables.
 * Interleaved rotates adjacent pairs (Z-Image), otherwise the two halves of a head (Qwen3).
 */
export function rotate(
  scope: Scope,
  x: Value,
  tables: RotaryTables,
  { headCount, interleaved }: { headCount: number; interleaved: boolean },
): Value {
  return scope.microsoftOp('RotaryEmbedding', [x, scope.graph.int64s([0]), tables.cos, tables.sin], {
    attributes: { num_heads: headCount, interleaved: interleaved ? 1 : 0 },
  });
}

/** Scaled dot-product attention without a mask. All of [batch, length, headCount · headWidth]. */
export function attention(
  scope: Scope,
  { query, key, value }: { query: Value; key: Value; value: Value },
  { headCount, causal = false }: { headCount: number; causal?: boolean },
): Value {
  return scope.microsoftOp('MultiHeadAttention', [query, key, value], {
    attributes: { num_heads: headCount, unidirectional: causal ? 1 : 0 },
  });
}
