import type { WeightSource } from '../tensor/stored-tensor.js';
import type { GraphBuilder, NodeOptions } from './graph-builder.js';
import { dataTypes } from './initializers.js';
import type { Value } from './value.js';

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

  /** A weight as float32. The cast of a stored half type is folded when the session loads. */
  weight(name: string, dims: readonly number[]): Value {
    return this.float32(this.storedWeight(name, dims));
  }

  /** A weight in its stored type, for tables of which a run reads a few rows. */
  storedWeight(name: string, dims: readonly number[]): Value {
    return this.graph.weight(this.weights.take(this.spell(name), dims));
  }

  float32(value: Value): Value {
    return value.type === 'float32'
      ? value
      : this.op('Cast', [value], { attributes: { to: dataTypes.float32 }, type: 'float32' });
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

  /** 0 keeps a dimension, −1 infers one. */
  reshape(value: Value, dims: readonly number[]): Value {
    return this.op('Reshape', [value, this.graph.int64s(dims)]);
  }

  private spell(...names: (string | number)[]): string {
    return [this.path, ...names].filter((name) => name !== undefined).join('.');
  }
}
