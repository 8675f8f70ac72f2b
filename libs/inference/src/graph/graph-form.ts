import type { FloatType } from './value.js';

/** What a CPU computes exactly with either (engine/exact-quantized-type.ts) is the same. */
export type QuantizedType = 'int8' | 'uint8';

/** How a network is written down. What it computes is the same in every form, up to rounding. */
export interface GraphForm {
  /**
   * Type of the weights and of what flows between layers. Rotary embedding and the norms before it are float32 in every
   * form; other norms and softmax compute in float32 inside their kernels. Inputs and outputs are float32.
   */
  compute: FloatType;
  /** What the weights of products are kept in that layers call quantizable; needs float32 and ONNX Runtime's operators. */
  quantizedWeights: QuantizedType | null;
  /**
   * Whose attention and rotary embedding: ONNX Runtime's own are faster there and have more kernels on accelerators, ONNX's
   * run anywhere.
   */
  operators: 'onnxruntime' | 'standard';
  /**
   * Products read weights as they are stored, [outputs, inputs], by ONNX Runtime's FusedMatMul, which CPU and CUDA have.
   * Otherwise the weights' transposes are folded while the session loads, which holds every weight twice.
   */
  storedProducts: boolean;
}

export const float32Form: GraphForm = {
  compute: 'float32',
  quantizedWeights: null,
  operators: 'onnxruntime',
  storedProducts: true,
};
/** For other runtimes. */
export const standardForm: GraphForm = { ...float32Form, operators: 'standard', storedProducts: false };
