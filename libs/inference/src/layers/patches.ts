import type { Scope } from '../graph/scope.js';
import type { Value } from '../graph/value.js';

export interface PatchGrid {
  latentChannels: number;
  /** Latent rows and columns of a patch. */
  patchSize: number;
}

/**
 * Dims of latents [batch, latentChannels, h, w] with each side cut into patches. They are the same values in the same order, so that
 * latents go in and a velocity comes out as they lie in memory.
 */
export function patchGridDims<D>(
  { latentChannels, patchSize }: PatchGrid,
  batch: D,
  rows: D,
  columns: D,
): (D | number)[] {
  return [batch, latentChannels, rows, patchSize, columns, patchSize];
}

/**
 * Latents of `patchGridDims` → `patches` [batch, rows · columns, patchSize² · latentChannels], each in (row, column, channel) order,
 * and `grid`, the same values with an axis for each of them.
 */
export function patchify(
  scope: Scope,
  latents: Value,
  { latentChannels, patchSize }: PatchGrid,
): { patches: Value; grid: Value } {
  const grid = scope.op('Transpose', [latents], { attributes: { perm: [0, 2, 4, 3, 5, 1] } });
  return { patches: scope.reshape(grid, [0, -1, patchSize * patchSize * latentChannels]), grid };
}

/** The inverse, for patches of the shape that `grid` has: → `patchGridDims`. */
export function unpatchify(scope: Scope, patches: Value, grid: Value): Value {
  const cut = scope.op('Reshape', [patches, scope.op('Shape', [grid], { type: 'int64' })]);
  return scope.op('Transpose', [cut], { attributes: { perm: [0, 5, 1, 3, 2, 4] } });
}
