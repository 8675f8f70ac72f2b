import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import type { StoredTensor, WeightSource } from '../tensor/stored-tensor.js';
import { commonFolder } from './common-folder.js';
import { GraphBuilder } from './graph-builder.js';
import { ModelProtoSchema, TensorProto_DataLocation } from './proto/onnx_pb.js';
import { Scope } from './scope.js';

const stored = (name: string, file: string): StoredTensor => ({
  name,
  type: 'BF16',
  dims: [2, 3],
  file,
  offset: 123,
  byteLength: 12,
});

/** Every weight in a file of its own. */
const weights: WeightSource = { take: (name) => stored(name, `/data/checkpoint/transformer/${name}.safetensors`) };

function decode(graph: GraphBuilder) {
  const { bytes, root } = graph.build();
  return { root, model: fromBinary(ModelProtoSchema, bytes).graph! };
}

describe('GraphBuilder', () => {
  it('names weights and nodes after their place in the checkpoint', () => {
    const graph = new GraphBuilder('step');
    const scope = new Scope(graph, weights).at('layers', 0).at('attention');
    const x = graph.input('x', 'float32', ['batch', 3]);
    scope.op('MatMul', [x, scope.weight('to_q.weight', [2, 3])]);
    scope.op('MatMul', [x, scope.weight('to_q.weight', [2, 3])]);
    const { model } = decode(graph);
    expect(model.initializer.map(({ name }) => name)).toEqual(['layers.0.attention.to_q.weight']);
    expect(model.node.map(({ name }) => name)).toEqual([
      'layers.0.attention/Cast',
      'layers.0.attention/Cast_1',
      'layers.0.attention/MatMul',
      'layers.0.attention/MatMul_1',
    ]);
    expect(model.node[2]!.input).toEqual(['x', 'layers.0.attention/Cast']);
  });

  it('leaves weights where they are, addressed from the folder that all of them share', () => {
    const graph = new GraphBuilder('g');
    graph.weight(stored('a', '/data/blobs/one'));
    graph.weight(stored('b', '/data/checkpoint/vae/two.safetensors'));
    const { root, model } = decode(graph);
    expect(root).toBe('/data');
    const [a, b] = model.initializer.map(({ dataLocation, externalData }) => ({
      dataLocation,
      ...Object.fromEntries(externalData.map(({ key, value }) => [key, value])),
    }));
    expect(a).toEqual({
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      location: 'blobs/one',
      offset: '123',
      length: '12',
    });
    expect(b).toMatchObject({ location: 'checkpoint/vae/two.safetensors' });
  });

  it('writes each constant once', () => {
    const graph = new GraphBuilder('g');
    expect(graph.int64s([0])).toBe(graph.int64s([0]));
    expect(graph.int64s([0])).not.toBe(graph.float32s([0], [1]));
    expect(decode(graph).model.initializer).toHaveLength(2);
  });
});

describe('commonFolder', () => {
  it.each([
    [['/a/b/c/x', '/a/b/d/y'], '/a/b'],
    [['/a/b/x', '/a/b/y'], '/a/b'],
    [['/a/bc/x', '/a/b/y'], '/a'],
    [['/a/x', '/b/y'], '/'],
    [['/a/b/x', '/a/y'], '/a'],
    [[], '/'],
  ])('of %j is %s', (files, folder) => expect(commonFolder(files)).toBe(folder));
});
