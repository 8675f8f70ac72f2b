import type { FloatType } from './value.js';

/** How a network is written down. What it computes is the same in every form, up to rounding. */
export interface GraphForm {
  /**
   * Type of the weights and of what flows between layers. Rotary embedding and the norms before it are float32 in every
   * form; other norms and softmax compute in float32 inside their kernels. Inputs and outputs are float32.
   */
  compute: FloatType;
  /** The products that layers call quantizable in int8; needs float32 and ONNX Runtime's operators. */
  int8Products: boolean;
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
  int8Products: false,
  operators: 'onnxruntime',
  storedProducts: true,
};
/** For other runtimes. */
export const standardForm: GraphForm = { ...float32Form, operators: 'standard', storedProducts: false };
