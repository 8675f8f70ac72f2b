/**
 * One Euler step of the flow ODE from sigma to sigmaNext: latents + (sigmaNext − sigma) · derivative, in float32. The
 * derivative is noise − x0; the transformer predicts its negative.
 */
export function eulerStep(
  latents: Float32Array,
  derivative: Float32Array,
  sigma: number,
  sigmaNext: number,
): Float32Array {
  const dt = Math.fround(sigmaNext - sigma);
  return latents.map((value, i) => value + Math.fround(dt * (derivative[i] ?? 0)));
}
