/** Classifier-free guidance of one request. */
export interface Guidance {
  /** 0: no second pass. */
  scale: number;
  /** Bound on the guided prediction's norm, as a multiple of the positive one's; 0: no bound. diffusers' true is 1. */
  normalization: number;
  /** Steps whose time (1 − sigma) is above it run without guidance; diffusers' null is 1. */
  truncation: number;
}

/** The guidance scale at a step; 0 where the step runs without guidance. */
export function guidanceScaleAt({ scale, truncation }: Guidance, time: number): number {
  return time > truncation ? 0 : scale;
}

/**
 * positive + scale · (positive − negative), scaled down where its norm exceeds `normalization` times the positive one's.
 * float32 as in diffusers' ZImagePipeline; only the norms are summed in float64.
 */
export function guide(
  positive: Float32Array,
  negative: Float32Array,
  scale: number,
  normalization: number,
): Float32Array {
  const guided = new Float32Array(positive.length);
  let positiveSquares = 0;
  let guidedSquares = 0;
  for (let i = 0; i < guided.length; i++) {
    const value = positive[i] ?? 0;
    const moved = Math.fround(value + Math.fround(scale * Math.fround(value - (negative[i] ?? 0))));
    guided[i] = moved;
    positiveSquares += value * value;
    guidedSquares += moved * moved;
  }
  const bound = Math.sqrt(positiveSquares) * normalization;
  const actual = Math.sqrt(guidedSquares);
  if (normalization <= 0 || actual <= bound) return guided;
  const factor = Math.fround(bound / actual);
  return guided.map((value) => value * factor);
}
