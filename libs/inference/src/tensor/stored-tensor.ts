/** Element types of stored weights, by their safetensors names. */
export type StoredType = 'F32' | 'F16' | 'BF16';

export const bytesPerValue: Readonly<Record<StoredType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** A tensor that lies in a file, by its place: row-major, little-endian. */
export interface StoredTensor {
  name: string;
  type: StoredType;
  dims: readonly number[];
  /** Absolute path with symlinks resolved. */
  file: string;
  /** First byte, from the start of the file. */
  offset: number;
  byteLength: number;
}

/** Where layers take their weights from. */
export interface WeightSource {
  /** The weight of this name. Its shape must be `dims`; the error names the weight and both shapes. */
  take(name: string, dims: readonly number[]): StoredTensor;
}
