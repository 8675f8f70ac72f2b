import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { StoredTensor } from '../tensor/stored-tensor.js';
import type { Graph } from './graph-builder.js';
import { ModelProtoSchema } from './proto/onnx_pb.js';

/** ONNX asks for offsets that can be mapped into memory. */
const alignment = 4096;

/** A graph whose weights are to lie in one file of its own. */
export interface RelocatedGraph {
  bytes: Uint8Array;
  /** Where each weight must be copied to, in rising order. */
  places: { stored: StoredTensor; offset: number }[];
}

/** The graph with its external data in a file `location` beside it. */
export function relocateWeights(graph: Graph, location: string): RelocatedGraph {
  let end = 0;
  const places = graph.weights.map((stored) => {
    const offset = Math.ceil(end / alignment) * alignment;
    end = offset + stored.byteLength;
    return { stored, offset };
  });
  const offsets = new Map(places.map(({ stored, offset }) => [stored.name, offset]));
  const model = fromBinary(ModelProtoSchema, graph.bytes);
  for (const { name, externalData } of model.graph?.initializer ?? []) {
    const moved: Record<string, string> = { location, offset: String(offsets.get(name)) };
    for (const entry of externalData) entry.value = moved[entry.key] ?? entry.value;
  }
  return { bytes: toBinary(ModelProtoSchema, model), places };
}
