import type { ImageDecoder, ImageEncoder, LatentDistribution } from '../pipelines/components.js';
import type { Session } from '../session/session.js';
import type { Tensor } from '../tensor/tensor.js';

/** The autoencoder's encoder on its session. */
export class AutoEncoderImageEncoder implements ImageEncoder {
  constructor(private readonly session: Session) {}

  async encode(image: Tensor): Promise<LatentDistribution> {
    const { mean, deviation } = await this.session.run({ image: image.reshape([1, ...image.dims]) }, [
      'mean',
      'deviation',
    ]);
    return { mean: mean.row(0), deviation: deviation.row(0) };
  }
}

/** The autoencoder's decoder on its session. */
export class AutoEncoderImageDecoder implements ImageDecoder {
  constructor(private readonly session: Session) {}

  async decode(latents: Tensor): Promise<Tensor> {
    const { image } = await this.session.run({ latents: latents.reshape([1, ...latents.dims]) }, ['image']);
    return image.row(0);
  }
}
