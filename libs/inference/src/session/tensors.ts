import { Tensor } from '../tensor/tensor.js';
import type { Integers } from './session.js';

/** An input as ONNX Runtime's Tensor is made of it. */
export interface OnnxInput {
  type: 'float32' | 'int64';
  data: Float32Array | BigInt64Array;
  dims: readonly number[];
}

/** What is read of an output; it may have any type. */
export interface OnnxOutput {
  data: unknown;
  dims: readonly number[];
}

/** Inputs by name, each as `make` makes it. A tensor's data is shared, not copied. */
export function toInputs<Input>(
  inputs: Readonly<Record<string, Tensor | Integers>>,
  make: (input: OnnxInput) => Input,
): Record<string, Input> {
  const named: Record<string, Input> = {};
  for (const [name, input] of Object.entries(inputs)) named[name] = make(toInput(input));
  return named;
}

/** The outputs asked for, by name. @throws TypeError when one is missing or not float32 */
export function fromOutputs<Output extends string>(
  names: readonly Output[],
  outputs: Readonly<Record<string, OnnxOutput>>,
): Record<Output, Tensor> {
  const named: Partial<Record<Output, Tensor>> = {};
  for (const name of names) named[name] = fromOutput(name, outputs[name]);
  return named as Record<Output, Tensor>;
}

function toInput(input: Tensor | Integers): OnnxInput {
  if (input instanceof Tensor) return { type: 'float32', data: input.data, dims: input.dims };
  const { integers, dims = [integers.length] } = input;
  return { type: 'int64', data: BigInt64Array.from(integers, BigInt), dims };
}

function fromOutput(name: string, output: OnnxOutput | undefined): Tensor {
  if (output?.data instanceof Float32Array) return new Tensor(output.data, output.dims);
  throw new TypeError(`output ${name} is not float32`);
}
