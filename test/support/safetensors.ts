import { writeFileSync } from 'node:fs';

/** A tensor to write: raw little-endian bytes under a safetensors type. */
export interface RawTensor {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

export function float32Tensor(values: readonly number[], shape: number[]): RawTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** The upper half of each float32: exact for values with at most 8 significant bits. */
export function bfloat16Tensor(values: readonly number[], shape: number[]): RawTensor {
  const words = new Uint16Array(Float32Array.from(values).buffer).filter((_, i) => i % 2 === 1);
  return { dtype: 'BF16', shape, bytes: new Uint8Array(words.buffer) };
}

/** Writes tensors one behind the other. `headerOf` may damage the header before it is written. */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, RawTensor>>,
  headerOf: (header: Record<string, Record<string, unknown>>) => unknown = (header) => header,
): void {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
      const start = end;
      end += bytes.length;
      return [name, { dtype, shape, data_offsets: [start, end] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(headerOf(header)));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([prefix, text, ...Object.values(tensors).map(({ bytes }) => bytes)]));
}
