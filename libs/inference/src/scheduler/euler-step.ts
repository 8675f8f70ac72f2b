/**
 * One Euler step of the flow ODE from sigma to sigmaNext, in float32. The prediction is the transformer's own, x0 − noise: the
 * negative of the derivative with respect to sigma.
 */
export function eulerStep(
  latents: Float32Array,
  prediction: Float32Array,
  sigma: number,
  sigmaNext: number,
): Float32Array {
  const decrease = Math.fround(sigma - sigmaNext);
  return latents.map((value, i) => value + Math.fround(decrease * (prediction[i] ?? 0)));
}
