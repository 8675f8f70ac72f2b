import { naFlexPatches, type NaFlexConfig } from '../image/naflex.js';
import type { RgbImage } from '../image/pixels.js';
import type { Siglip2Config } from '../models/siglip2-config.js';
import { siglip2PositionWeights } from '../models/siglip2-positions.js';
import type { VisionEncoder, VisionFeatures } from '../pipelines/components.js';
import type { Session } from '../session/session.js';

/** The vision encoder on its session, its image preprocessing included. */
export class Siglip2Encoder implements VisionEncoder {
  constructor(
    private readonly config: Siglip2Config,
    private readonly preprocessing: NaFlexConfig,
    private readonly session: Session,
  ) {}

  get maxPatches(): number {
    return this.preprocessing.maxPatches;
  }

  async encode(image: RgbImage): Promise<VisionFeatures> {
    const { patches, rows, columns } = naFlexPatches(image, this.preprocessing);
    const count = rows * columns;
    const { hidden } = await this.session.run(
      {
        patches: patches.reshape([1, ...patches.dims]),
        position_weights: siglip2PositionWeights({ rows, columns }, this.config.positionGridSize, patches.rows),
        patch_mask: { integers: Array.from({ length: patches.rows }, (_, i) => Number(i < count)) },
      },
      ['hidden'],
    );
    return { hidden: hidden.row(0), rows, columns };
  }
}
