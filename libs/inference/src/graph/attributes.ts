import { create } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType as Type, AttributeProtoSchema } from './proto/onnx_pb.js';
import type { AttributeProto } from './proto/onnx_pb.js';

/** A number is an integer attribute; `float` marks the other kind, which JavaScript cannot tell apart. */
export type Attribute = number | string | readonly number[] | { float: number };

/** The attribute as ONNX writes it. */
export function toAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: Type.INT, i: BigInt(value) });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: Type.STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return create(AttributeProtoSchema, { name, type: Type.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: Type.INTS, ints: value.map(BigInt) });
}
