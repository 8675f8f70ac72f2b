/** Clean latents at a noise level, in float32: sigma · noise + (1 − sigma) · latents. */
export function addNoise(latents: Float32Array, noise: Float32Array, sigma: number): Float32Array {
  const kept = Math.fround(1 - sigma);
  const noised = new Float32Array(latents.length);
  for (let i = 0; i < noised.length; i++) {
    noised[i] = Math.fround(sigma * (noise[i] ?? 0)) + Math.fround(kept * (latents[i] ?? 0));
  }
  return noised;
}
