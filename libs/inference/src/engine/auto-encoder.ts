import type { ImageDecoder, ImageEncoder, LatentDistribution } from '../pipelines/components.js';
import type { Session } from '../session/session.js';
import { SharedCalls } from '../session/shared-calls.js';
import { Tensor } from '../tensor/tensor.js';

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
  private readonly calls: SharedCalls<Tensor>;

  /** @param latentsPerCall rows × columns of latents in all of a call's images together */
  constructor(
    private readonly session: Session,
    readonly imagesPerCall: number,
    latentsPerCall: number,
  ) {
    this.calls = new SharedCalls((images) => this.call(images), {
      layout: ({ dims }) => dims.join('×'),
      most: ({ dims: [, rows = 1, columns = 1] }) =>
        Math.min(imagesPerCall, Math.floor(latentsPerCall / (rows * columns))),
    });
  }

  decode(latents: Tensor): Promise<Tensor> {
    return this.calls.run(latents);
  }

  private async call(images: readonly Tensor[]): Promise<Tensor> {
    const { image } = await this.session.run({ latents: Tensor.stack(images) }, ['image']);
    return image;
  }
}
