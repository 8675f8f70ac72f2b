import { patchGridDims } from '../layers/patches.js';
import type { ZImageConfig } from '../models/z-image-config.js';
import {
  axialRotaryTables,
  captionPositions,
  imagePositions,
  paddedLength,
  tokenGrid,
} from '../models/z-image-layout.js';
import { timestepFrequencies } from '../models/z-image-modulation.js';
import { omniLayout, type Grid } from '../models/z-image-omni-layout.js';
import type { Caption, Denoiser, DenoiserSample, EditShape } from '../pipelines/components.js';
import type { Session } from '../session/session.js';
import { sameDims, Tensor } from '../tensor/tensor.js';

/** What the step is told about the tokens of a layout. */
interface Sequence {
  /** [tokens, headWidth / 2], made image, references, caption */
  tables: ReturnType<typeof axialRotaryTables>;
  /** By token, 1 where it is modulated as at t = 1. Without references one 0 stands for all. */
  clean: number[];
}

/** Layouts whose rotary tables are kept; a 1024² image's take 1 MB. */
const keptLayouts = 32;

/** The transformer on its three sessions. */
export class ZImageDenoiser implements Denoiser {
  private readonly sequences = new Map<string, Sequence>();
  private cleanModulation: Tensor | null = null;

  constructor(
    private readonly config: ZImageConfig,
    private readonly sessions: { caption: Session; modulation: Session; step: Session },
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
    return { tokens: caption.row(0), length, paddedLength: padded, layout: String(padded) };
  }

  async modulations(timesteps: readonly number[]): Promise<Tensor> {
    const frequencies = timestepFrequencies(timesteps, this.config);
    const { modulation } = await this.sessions.modulation.run({ frequencies }, ['modulation']);
    return modulation;
  }

  /** @throws RangeError when the samples differ in layout */
  async velocity(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    const calls = this.options.oneSamplePerCall ? samples.map((sample) => [sample]) : [samples];
    const velocities: Tensor[] = [];
    for (const call of calls) velocities.push(...(await this.call(call)));
    return velocities;
  }

  private async call(samples: readonly DenoiserSample[]): Promise<Tensor[]> {
    const { latents, caption } = sharedLayout(samples);
    const { width } = this.config;
    const grid = tokenGrid(latents, this.config);
    const tokens = grid.rows * grid.columns;
    const stacked = Tensor.stack(samples.map((sample) => sample.latents));
    const { tables, clean } = this.sequenceOf(grid, caption);
    const { velocity } = await this.sessions.step.run(
      {
        latents: stacked.reshape(patchGridDims(this.config, samples.length, grid.rows, grid.columns)),
        pads: { integers: [samples.length, paddedLength(tokens) - tokens, width] },
        caption: Tensor.stack(samples.map((sample) => sample.caption.tokens)),
        modulation: Tensor.stack(samples.map(({ modulation }) => modulation)),
        ...tables,
        ...(this.config.visionWidth !== null && {
          references: Tensor.stack(samples.map((sample) => referencesOf(sample, width))),
          clean: { integers: clean },
          clean_modulation: (this.cleanModulation ??= await this.modulations([1])),
        }),
      },
      ['velocity'],
    );
    const velocities = velocity.reshape(stacked.dims);
    return samples.map((_, i) => velocities.row(i));
  }

  /** The sequence of a layout, most recently used last. */
  private sequenceOf(grid: Grid, caption: DenoiserSample['caption']): Sequence {
    const key = `${grid.rows}x${grid.columns}+${caption.layout}`;
    const sequence =
      this.sequences.get(key) ??
      ('shape' in caption ? this.editSequence(grid, caption.shape) : this.textSequence(grid, caption.paddedLength));
    this.sequences.delete(key);
    this.sequences.set(key, sequence);
    const [oldest] = this.sequences.keys();
    if (this.sequences.size > keptLayouts && oldest !== undefined) this.sequences.delete(oldest);
    return sequence;
  }

  private textSequence({ rows, columns }: Grid, captionLength: number): Sequence {
    const positions = [...imagePositions(rows, columns, captionLength), ...captionPositions(captionLength)];
    return { tables: axialRotaryTables(positions, this.config), clean: [0] };
  }

  private editSequence(target: Grid, shape: EditShape): Sequence {
    const layout = omniLayout({ ...shape, target, patchSize: this.config.patchSize });
    const tokens = [layout.target, ...layout.references, layout.caption, layout.vision];
    return {
      tables: axialRotaryTables(
        tokens.flatMap(({ positions }) => positions),
        this.config,
      ),
      clean: tokens.flatMap(({ clean }) => clean.map(Number)),
    };
  }
}

function referencesOf({ caption }: DenoiserSample, width: number): Tensor {
  return 'references' in caption ? caption.references : Tensor.filled([0, width], 0);
}

function sharedLayout(samples: readonly DenoiserSample[]): DenoiserSample {
  const [first] = samples;
  if (!first) throw new RangeError('a transformer call needs a sample');
  const alike = samples.every(
    ({ latents, caption }) =>
      sameDims(latents.dims, first.latents.dims) &&
      caption.layout === first.caption.layout &&
      'shape' in caption === 'shape' in first.caption,
  );
  if (!alike) throw new RangeError('samples of one transformer call must have equal layouts');
  return first;
}
