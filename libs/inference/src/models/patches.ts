import { Tensor } from '../tensor/tensor.js';

/** Latents [C, h, w] → tokens [h/p · w/p, p · p · C], each patch in (row, column, channel) order. */
export function patchify(latents: Tensor, patchSize: number): Tensor {
  const [channels = 0, height = 0, width = 0] = latents.dims;
  const data = new Float32Array(latents.data.length);
  const source = patchOffsets(channels, height, width, patchSize);
  for (let i = 0; i < data.length; i++) data[i] = latents.data[source[i] ?? 0] ?? 0;
  const patchWidth = patchSize * patchSize * channels;
  return new Tensor(data, [data.length / patchWidth, patchWidth]);
}

/** The inverse: tokens [h/p · w/p, p · p · C] → [C, h, w]. */
export function unpatchify(tokens: Tensor, dims: readonly number[], patchSize: number): Tensor {
  const [channels = 0, height = 0, width = 0] = dims;
  const data = new Float32Array(tokens.data.length);
  const target = patchOffsets(channels, height, width, patchSize);
  for (let i = 0; i < data.length; i++) data[target[i] ?? 0] = tokens.data[i] ?? 0;
  return new Tensor(data, dims);
}

/** For each value of the token sequence in its order, the value's index in [C, h, w]. */
function patchOffsets(channels: number, height: number, width: number, patchSize: number): Uint32Array {
  const offsets = new Uint32Array(channels * height * width);
  let at = 0;
  for (let top = 0; top < height; top += patchSize) {
    for (let left = 0; left < width; left += patchSize) {
      for (let row = top; row < top + patchSize; row++) {
        for (let column = left; column < left + patchSize; column++) {
          for (let channel = 0; channel < channels; channel++) {
            offsets[at++] = (channel * height + row) * width + column;
          }
        }
      }
    }
  }
  return offsets;
}
