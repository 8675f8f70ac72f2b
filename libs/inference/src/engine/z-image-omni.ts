import { patchGridDims } from '../layers/patches.js';
import { omniLayout, type OmniTokens } from '../models/z-image-omni-layout.js';
import type { ZImageConfig } from '../models/z-image-config.js';
import { axialRotaryTables, paddedLength, tokenGrid } from '../models/z-image-layout.js';
import type {
  EditComponents,
  EditCondition,
  EditShape,
  EncodedReference,
  VisionEncoder,
} from '../pipelines/components.js';
import type { Session } from '../session/session.js';
import { Tensor } from '../tensor/tensor.js';

/** What an edit needs of the transformer once per prompt, and the vision encoder. */
export class ZImageOmni implements EditComponents {
  constructor(
    private readonly config: ZImageConfig,
    readonly vision: VisionEncoder,
    private readonly sessions: { caption: Session; vision: Session; reference: Session },
  ) {}

  async condition(parts: readonly Tensor[], references: readonly EncodedReference[]): Promise<EditCondition> {
    const { width, patchSize } = this.config;
    const shape: EditShape = {
      partLengths: parts.map(({ rows }) => rows),
      references: references.map(({ latents, vision }) => ({
        image: tokenGrid(latents, this.config),
        vision: { rows: vision.rows, columns: vision.columns },
      })),
    };
    const layout = omniLayout({ ...shape, target: { rows: 0, columns: 0 }, patchSize });
    const { caption } = await this.sessions.caption.run(this.padded('embeds', Tensor.concat(parts), layout.caption), [
      'caption',
    ]);
    if (references.length === 0) return conditionOf(shape, caption.row(0), Tensor.filled([0, width], 0));

    const features = Tensor.concat(references.map(({ vision }) => channelFirst(vision)));
    const { vision } = await this.sessions.vision.run(this.padded('features', features, layout.vision), ['vision']);
    const images: Tensor[] = [];
    for (const { latents } of references) images.push(await this.reference(latents));
    return conditionOf(shape, Tensor.concat([caption.row(0), vision.row(0)]), Tensor.concat(images));
  }

  private async reference(latents: Tensor): Promise<Tensor> {
    const { rows, columns } = tokenGrid(latents, this.config);
    const pads = paddedLength(rows * columns) - rows * columns;
    const { reference } = await this.sessions.reference.run(
      {
        latents: latents.reshape(patchGridDims(this.config, 1, rows, columns)),
        pads: { integers: [1, pads, this.config.width] },
      },
      ['reference'],
    );
    return reference.row(0);
  }

  private padded(name: string, values: Tensor, { positions }: OmniTokens) {
    return {
      [name]: values.reshape([1, ...values.dims]),
      pads: { integers: [1, positions.length - values.rows, this.config.width] },
      ...axialRotaryTables(positions, this.config),
    };
  }
}

function conditionOf(shape: EditShape, tokens: Tensor, references: Tensor): EditCondition {
  const grids = shape.references.map(
    ({ image, vision }) => `${image.rows}×${image.columns}/${vision.rows}×${vision.columns}`,
  );
  return { tokens, references, shape, layout: `${shape.partLengths.join(',')} with ${grids.join(', ')}` };
}

/**
 * The image's patches [rows · columns, width] as diffusers hands them to the transformer: transposed to channels first, then
 * cut into rows again without being transposed back, so that a token mixes places. The weights are trained with that.
 */
function channelFirst({ hidden, rows, columns }: EncodedReference['vision']): Tensor {
  const [, width = 0] = hidden.dims;
  const places = rows * columns;
  const data = Float32Array.from(
    { length: places * width },
    (_, i) => hidden.data[(i % places) * width + Math.floor(i / places)] ?? 0,
  );
  return new Tensor(data, [places, width]);
}
