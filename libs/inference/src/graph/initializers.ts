import { create } from '@bufbuild/protobuf';
import { relative, sep } from 'node:path';
import type { StoredTensor, StoredType } from '../tensor/stored-tensor.js';
import { TensorProto_DataLocation, TensorProto_DataType as DataType, TensorProtoSchema } from './proto/onnx_pb.js';
import type { TensorProto } from './proto/onnx_pb.js';
import type { FloatType, ValueType } from './value.js';

export const dataTypes: Readonly<Record<ValueType, DataType>> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  bfloat16: DataType.BFLOAT16,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
};

export const storedTypes: Readonly<Record<StoredType, FloatType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};

/**
 * An initializer that stays where it is: a byte range of a file below `root`. ONNX Runtime refuses locations that leave its
 * external-data folder, so the file's real path must lie inside.
 */
export function externalInitializer(name: string, stored: StoredTensor, root: string): TensorProto {
  const entries = {
    location: relative(root, stored.file).split(sep).join('/'),
    offset: String(stored.offset),
    length: String(stored.byteLength),
  };
  return create(TensorProtoSchema, {
    name,
    dims: stored.dims.map(BigInt),
    dataType: dataTypes[storedTypes[stored.type]],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });
}

/** A small constant inside the graph's own bytes. */
export function inlineInitializer(
  name: string,
  type: 'float32' | 'int64',
  values: readonly number[],
  dims: readonly number[],
): TensorProto {
  const data = type === 'float32' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt);
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: dataTypes[type],
    rawData: new Uint8Array(data.buffer),
  });
}
