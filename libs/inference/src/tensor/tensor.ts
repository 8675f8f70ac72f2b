/** A dense float32 tensor, row-major. Never written after it was made. */
export class Tensor {
  /** @throws RangeError when the data does not fill the dims exactly. */
  constructor(
    readonly data: Float32Array,
    readonly dims: readonly number[],
  ) {
    const size = sizeOf(dims);
    if (data.length !== size) {
      throw new RangeError(`${data.length} values do not fill a tensor of [${dims.join(', ')}]`);
    }
  }

  /** A tensor of one value. */
  static filled(dims: readonly number[], value: number): Tensor {
    return new Tensor(new Float32Array(sizeOf(dims)).fill(value), dims);
  }

  /** Joins tensors of equal trailing dims along the first axis. One alone is not copied. */
  static concat(parts: readonly Tensor[]): Tensor {
    const [first] = parts;
    if (!first) throw new RangeError('nothing to concatenate');
    if (parts.length === 1) return first;
    const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
    let offset = 0;
    for (const part of parts) {
      if (!sameDims(part.dims.slice(1), first.dims.slice(1))) {
        throw new RangeError(`cannot concatenate [${part.dims.join(', ')}] to [${first.dims.join(', ')}]`);
      }
      data.set(part.data, offset);
      offset += part.data.length;
    }
    return new Tensor(data, [parts.reduce((sum, part) => sum + part.rows, 0), ...first.dims.slice(1)]);
  }

  /** Joins tensors of equal dims along a new first axis. */
  static stack(parts: readonly Tensor[]): Tensor {
    return Tensor.concat(parts.map((part) => part.reshape([1, ...part.dims])));
  }

  /** Length of the first axis. */
  get rows(): number {
    return this.dims[0] ?? 1;
  }

  /** Rows start … end − 1 of the first axis; shares the data. */
  slice(start: number, end: number): Tensor {
    if (!(0 <= start && start <= end && end <= this.rows)) {
      throw new RangeError(`rows ${start} to ${end} are not inside [${this.dims.join(', ')}]`);
    }
    const trailing = this.dims.slice(1);
    const rowSize = sizeOf(trailing);
    return new Tensor(this.data.subarray(start * rowSize, end * rowSize), [end - start, ...trailing]);
  }

  /** One row of the first axis, without that axis; shares the data. */
  row(index: number): Tensor {
    return this.slice(index, index + 1).reshape(this.dims.slice(1));
  }

  /** The same values under other dims; shares the data. */
  reshape(dims: readonly number[]): Tensor {
    return new Tensor(this.data, dims);
  }
}

/** Number of values in a tensor of these dims. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

/** Whether two shapes are equal. */
export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}
