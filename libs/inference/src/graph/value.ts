/** Element types that the graphs compute with. */
export type ValueType = FloatType | 'int8' | 'uint8' | 'int32' | 'int64' | 'bool';
export type FloatType = 'float32' | 'float16' | 'bfloat16';

/** The result of one node, an input or an initializer of the graph that made it. Only that graph may use it. */
export class Value {
  constructor(
    readonly name: string,
    readonly type: ValueType,
  ) {}
}
