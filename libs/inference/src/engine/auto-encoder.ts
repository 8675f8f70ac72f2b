import type { ImageDecoder } from '../pipelines/components.js';
import type { OnnxSession } from '../session/onnx-session.js';
import type { Tensor } from '../tensor/tensor.js';

/** The autoencoder's decoder on its session. */
export class AutoEncoderImageDecoder implements ImageDecoder {
  constructor(private readonly session: OnnxSession) {}

  async decode(latents: Tensor): Promise<Tensor> {
    const { image } = await this.session.run({ latents: latents.reshape([1, ...latents.dims]) }, ['image']);
    return image.row(0);
  }
}
