import { create, toBinary } from '@bufbuild/protobuf';
import type { StoredTensor } from '../tensor/stored-tensor.js';
import { toAttribute } from './attributes.js';
import type { Attribute } from './attributes.js';
import { commonFolder } from './common-folder.js';
import { float32Form, type GraphForm } from './graph-form.js';
import { dataTypes, externalInitializer, inlineInitializer, storedTypes } from './initializers.js';
import { ModelProtoSchema, NodeProtoSchema, ValueInfoProtoSchema } from './proto/onnx_pb.js';
import type { NodeProto, TensorProto, ValueInfoProto } from './proto/onnx_pb.js';
import { Value } from './value.js';
import type { ValueType } from './value.js';

/** ONNX 1.18's IR and opset, the first with RMSNormalization. */
const irVersion = 10n;
const opsetVersion = 23n;
/** ONNX Runtime's own operators. */
const microsoftDomain = 'com.microsoft';

/** A dimension: a size, or the name of one that is known only when the graph runs. */
export type Dim = number | string;

export interface NodeOptions {
  attributes?: Record<string, Attribute>;
  /** Place in the model, spelled like the checkpoint: 'layers.0.attention'. */
  scope?: string | undefined;
  /** Element type of the outputs; default: that of the first input. */
  type?: ValueType;
}

/** A finished graph, ready for a session. */
export interface Graph {
  /** ONNX ModelProto. */
  bytes: Uint8Array;
  /** The folder that its external data locations are relative to. */
  root: string;
  /** The weights behind them. */
  weights: readonly StoredTensor[];
}

/** A tape: operators return Values and are collected in the order they were called, which is a valid execution order. */
export class GraphBuilder {
  private readonly nodes: NodeProto[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];
  private readonly constants = new Map<string, { value: Value; tensor: TensorProto }>();
  private readonly weights = new Map<string, { value: Value; stored: StoredTensor }>();
  private readonly nodeCounts = new Map<string, number>();

  constructor(
    private readonly name: string,
    readonly form: GraphForm = float32Form,
  ) {}

  input(name: string, type: ValueType, dims: readonly Dim[]): Value {
    this.inputs.push(valueInfo(name, type, dims));
    return new Value(name, type);
  }

  /** Outputs are float32: no other float type is sure to cross into JavaScript. */
  output(name: string, value: Value, dims: readonly Dim[]): void {
    const attribute = [toAttribute('to', dataTypes.float32)];
    this.nodes.push(create(NodeProtoSchema, { name, opType: 'Cast', input: [value.name], output: [name], attribute }));
    this.outputs.push(valueInfo(name, 'float32', dims));
  }

  /** One node with one output. An absent optional input is null. */
  op(opType: string, inputs: readonly (Value | null)[], options: NodeOptions = {}): Value {
    return this.record('', opType, inputs, 1, options)[0];
  }

  /** One node of ONNX Runtime's own domain. */
  microsoftOp(opType: string, inputs: readonly (Value | null)[], options: NodeOptions = {}): Value {
    return this.record(microsoftDomain, opType, inputs, 1, options)[0];
  }

  /** Parts of these sizes along an axis. */
  split(value: Value, axis: number, sizes: readonly number[], scope?: string): Value[] {
    return this.record('', 'Split', [value, this.int64s(sizes)], sizes.length, { attributes: { axis }, scope });
  }

  /** Two halves along an axis. */
  halves(value: Value, axis: number, scope?: string): [Value, Value] {
    const [first, second] = this.record('', 'Split', [value], 2, { attributes: { axis, num_outputs: 2 }, scope });
    if (!second) throw new RangeError('a split in two has two outputs');
    return [first, second];
  }

  /** A list of integers as a vector: shapes, axes, bounds. */
  int64s(values: readonly number[]): Value {
    return this.constant('int64', values, [values.length]);
  }

  float32s(values: readonly number[], dims: readonly number[]): Value {
    return this.constant('float32', values, dims);
  }

  /** A weight in its stored type; the same weight asked for twice is one initializer. */
  weight(stored: StoredTensor): Value {
    const known = this.weights.get(stored.name);
    if (known) return known.value;
    const value = new Value(stored.name, storedTypes[stored.type]);
    this.weights.set(stored.name, { value, stored });
    return value;
  }

  build(): Graph {
    const weights = [...this.weights.values()];
    const root = commonFolder(weights.map(({ stored }) => stored.file));
    const model = create(ModelProtoSchema, {
      irVersion,
      producerName: 'zimage-queue',
      opsetImport: [
        { domain: '', version: opsetVersion },
        ...(this.nodes.some(({ domain }) => domain === microsoftDomain)
          ? [{ domain: microsoftDomain, version: 1n }]
          : []),
      ],
      graph: {
        name: this.name,
        node: this.nodes.toSorted((a, b) => Number(this.castsWeight(b)) - Number(this.castsWeight(a))),
        input: this.inputs,
        output: this.outputs,
        initializer: [
          ...[...this.constants.values()].map(({ tensor }) => tensor),
          ...weights.map(({ stored }) => externalInitializer(stored.name, stored, root)),
        ],
      },
    });
    return { bytes: toBinary(ModelProtoSchema, model), root, weights: weights.map(({ stored }) => stored) };
  }

  /**
   * ONNX Runtime orders a run from the outputs back, later nodes first. A cast that stands before all else is run right before
   * its use; one that stands there is run before everything, and all casts are held together, unless they are folded.
   */
  private castsWeight({ opType, input: [name = ''] }: NodeProto): boolean {
    return opType === 'Cast' && this.weights.has(name);
  }

  private constant(type: 'float32' | 'int64', values: readonly number[], dims: readonly number[]): Value {
    const key = `${type}[${dims.join(',')}](${values.join(',')})`;
    const known = this.constants.get(key);
    if (known) return known.value;
    const value = new Value(`constant.${this.constants.size}`, type);
    this.constants.set(key, { value, tensor: inlineInitializer(value.name, type, values, dims) });
    return value;
  }

  private record(
    domain: string,
    opType: string,
    inputs: readonly (Value | null)[],
    outputCount: number,
    { attributes = {}, scope = this.name, type }: NodeOptions,
  ): [Value, ...Value[]] {
    const name = this.uniqueName(`${scope}/${opType}`);
    const outputType = type ?? inputs.find((input) => input !== null)?.type ?? 'float32';
    const first = new Value(name, outputType);
    const others = Array.from({ length: outputCount - 1 }, (_, i) => new Value(`${name}.${i + 1}`, outputType));
    this.nodes.push(
      create(NodeProtoSchema, {
        name,
        opType,
        domain,
        input: inputs.map((input) => input?.name ?? ''),
        output: [first, ...others].map((value) => value.name),
        attribute: Object.entries(attributes).map(([key, value]) => toAttribute(key, value)),
      }),
    );
    return [first, ...others];
  }

  private uniqueName(name: string): string {
    const count = this.nodeCounts.get(name) ?? 0;
    this.nodeCounts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}

function valueInfo(name: string, type: ValueType, dims: readonly Dim[]): ValueInfoProto {
  const dim = dims.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: dataTypes[type], shape: { dim } } } },
  });
}
