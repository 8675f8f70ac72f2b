import { Tensor } from '../tensor/tensor.js';

/**
 * How the stored grid of position embeddings is resized to an image of rows × columns patches: for each patch the weights of
 * the grid's cells, [length, gridSize²]. Bilinear with antialiasing, as torch's interpolate; patches of padding take the
 * first one's weights.
 * Source: transformers Siglip2VisionEmbeddings.resize_positional_embeddings.
 */
export function siglip2PositionWeights(
  { rows, columns }: { rows: number; columns: number },
  gridSize: number,
  length: number,
): Tensor {
  const rowWeights = axisWeights(rows, gridSize);
  const columnWeights = axisWeights(columns, gridSize);
  const data = new Float32Array(length * gridSize * gridSize);
  for (let patch = 0; patch < length; patch++) {
    const inside = patch < rows * columns ? patch : 0;
    const vertical = rowWeights[Math.floor(inside / columns)] ?? [];
    const horizontal = columnWeights[inside % columns] ?? [];
    const outer = vertical.flatMap((a) => horizontal.map((b) => a * b));
    data.set(outer, patch * gridSize * gridSize);
  }
  return new Tensor(data, [length, gridSize * gridSize]);
}

/** For each of `size` places along one axis, the weights of the grid's `gridSize` cells; they add up to 1. */
function axisWeights(size: number, gridSize: number): number[][] {
  const scale = gridSize / size;
  const support = Math.max(1, scale);
  return Array.from({ length: size }, (_, place) => {
    const center = (place + 0.5) * scale - 0.5;
    const raw = Array.from({ length: gridSize }, (_, cell) => Math.max(0, 1 - Math.abs(cell - center) / support));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return raw.map((weight) => weight / total);
  });
}
