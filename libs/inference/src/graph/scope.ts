import type { WeightSource } from '../tensor/stored-tensor.js';
import type { GraphBuilder, NodeOptions } from './graph-builder.js';
import { dataTypes } from './initializers.js';
import type { Value, ValueType } from './value.js';

type ScopedOptions = Omit<NodeOptions, 'scope'>;

/**
 * A place in a model. Its path is the checkpoint's own spelling, so a weight is asked for by its local name and every node
 * is named after the module it belongs to.
 */
export class Scope {
  constructor(
    readonly graph: GraphBuilder,
    private readonly weights: WeightSource,
    private readonly path?: string,
  ) {}

  /** The scope of a submodule: `at('layers', 0)` spells 'layers.0'. */
  at(...names: (string | number)[]): Scope {
    return new Scope(this.graph, this.weights, this.spell(...names));
  }

  /** A weight in the type that it is used in. The cast is folded when the session loads, unless weights are to stay as stored. */
  weight(name: string, dims: readonly number[], type: ValueType = 'float32'): Value {
    return this.cast(this.storedWeight(name, dims), type);
  }

  /** A weight in its stored type, for tables of which a run reads a few rows. */
  storedWeight(name: string, dims: readonly number[]): Value {
    return this.graph.weight(this.weights.take(this.spell(name), dims));
  }

  cast(value: Value, type: ValueType): Value {
    return value.type === type ? value : this.op('Cast', [value], { attributes: { to: dataTypes[type] }, type });
  }

  op(opType: string, inputs: readonly (Value | null)[], options: ScopedOptions = {}): Value {
    return this.graph.op(opType, inputs, { ...options, scope: this.path });
  }

  microsoftOp(opType: string, inputs: readonly (Value | null)[], options: ScopedOptions = {}): Value {
    return this.graph.microsoftOp(opType, inputs, { ...options, scope: this.path });
  }

  split(value: Value, axis: number, sizes: readonly number[]): Value[] {
    return this.graph.split(value, axis, sizes, this.path);
  }

  /** Two halves along an axis, of which the first has one more where the size is odd. */
  halves(value: Value, axis: number): [Value, Value] {
    return this.graph.halves(value, axis, this.path);
  }

  /** 0 keeps a dimension, −1 infers one. */
  reshape(value: Value, dims: readonly number[]): Value {
    return this.op('Reshape', [value, this.graph.int64s(dims)]);
  }

  private spell(...names: (string | number)[]): string {
    return [this.path, ...names].filter((name) => name !== undefined).join('.');
  }
}
