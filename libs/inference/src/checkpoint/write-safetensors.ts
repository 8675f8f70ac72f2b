import { writeFileSync } from 'node:fs';
import type { Tensor } from '../tensor/tensor.js';

const headerAlignment = 8;

/** Writes float32 tensors as a safetensors file (little-endian, as every platform that Node runs on). */
export function writeSafetensors(file: string, tensors: Readonly<Record<string, Tensor>>): void {
  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { data, dims }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = (headerAlignment - (json.length % headerAlignment)) % headerAlignment;
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length + padding));
  const bodies = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(file, Buffer.concat([size, json, Buffer.alloc(padding, ' '), ...bodies]));
}
