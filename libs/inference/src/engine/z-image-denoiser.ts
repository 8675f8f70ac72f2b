import { patchify, unpatchify } from '../models/patches.js';
import type { ZImageConfig } from '../models/z-image-config.js';
import { axialRotaryTables, captionPositions, imagePositions, paddedLength } from '../models/z-image-layout.js';
import { timestepFrequencies } from '../models/z-image-modulation.js';
import type { Caption, Denoiser, DenoiserSample } from '../pipelines/components.js';
import type { OnnxSession } from '../session/onnx-session.js';
import { sameDims, Tensor } from '../tensor/tensor.js';

type RotaryTables = ReturnType<typeof axialRotaryTables>;

/** Layouts whose rotary tables are kept; a 1024² image's take 1 MB. */
const keptLayouts = 32;

/** The transformer on its three sessions. */
export class ZImageDenoiser implements Denoiser {
  private readonly tables = new Map<string, RotaryTables>();

  constructor(
    private readonly config: ZImageConfig,
    private readonly sessions: { caption: OnnxSession; modulation: OnnxSession; step: OnnxSession },
    /** Where neighbours in a call would change a sample's result. */
    private readonly options: { oneSamplePerCall?: boolean } = {},
  ) {}

  async caption(embeds: Tensor): Promise<Caption> {
    const length = embeds.rows;
    const padded = paddedLength(length);
    const { caption } = await this.sessions.caption.run(
      {
        embeds: embeds.reshape([1, ...embeds.dims]),
        pads: { integers: [1, padded - length, this.config.width] },
        ...axialRotaryTables(captionPositions(padded), this.config),
      },
      ['caption'],
    );
    return { tokens: caption.row(0), length, paddedLength: padded };
  }

  async modulations(timesteps: readonly number[]): Promise<Tensor> {
    const frequencies = timestepFrequencies(timesteps, this.config);
    const { modulation } = await this.sessions.modulation.run({ frequencies }, ['modulation']);
    return modulation;
  }

  /** @throws RangeError when the samples differ in layout */
  async velocity(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    if (!this.options.oneSamplePerCall) return this.call(samples);
    const velocities: Tensor[] = [];
    for (const sample of samples) velocities.push(...(await this.call([sample])));
    return velocities;
  }

  private async call(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    const { latentDims, captionLength } = sharedLayout(samples);
    const [, height = 0, width = 0] = latentDims;
    const { patchSize } = this.config;
    const rows = height / patchSize;
    const columns = width / patchSize;
    const pads = paddedLength(rows * columns) - rows * columns;
    const { velocity } = await this.sessions.step.run(
      {
        patches: Tensor.stack(samples.map(({ latents }) => patchify(latents, patchSize))),
        pads: { integers: [samples.length, pads, this.config.width] },
        caption: Tensor.stack(samples.map(({ caption }) => caption.tokens)),
        modulation: Tensor.stack(samples.map(({ modulation }) => modulation)),
        ...this.tablesOf(rows, columns, captionLength),
      },
      ['velocity'],
    );
    return samples.map((_, i) => unpatchify(velocity.row(i), latentDims, patchSize));
  }

  /** The tables of a layout, most recently used last. */
  private tablesOf(rows: number, columns: number, captionLength: number): RotaryTables {
    const key = `${rows}x${columns}+${captionLength}`;
    const tables =
      this.tables.get(key) ??
      axialRotaryTables(
        [...imagePositions(rows, columns, captionLength), ...captionPositions(captionLength)],
        this.config,
      );
    this.tables.delete(key);
    this.tables.set(key, tables);
    const [oldest] = this.tables.keys();
    if (this.tables.size > keptLayouts && oldest !== undefined) this.tables.delete(oldest);
    return tables;
  }
}

function sharedLayout(samples: readonly DenoiserSample[]): { latentDims: readonly number[]; captionLength: number } {
  const [first] = samples;
  if (!first) throw new RangeError('a transformer call needs a sample');
  const latentDims = first.latents.dims;
  const captionLength = first.caption.paddedLength;
  const alike = samples.every(
    ({ latents, caption }) => sameDims(latents.dims, latentDims) && caption.paddedLength === captionLength,
  );
  if (!alike) throw new RangeError('samples of one transformer call must have equal layouts');
  return { latentDims, captionLength };
}
