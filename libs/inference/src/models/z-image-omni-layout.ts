import { paddedLength, type TokenPosition } from './z-image-layout.js';

/** Rows and columns of a picture in tokens or patches. */
export interface Grid {
  rows: number;
  columns: number;
}

/** Tokens of one kind in the order in which they are computed. */
export interface OmniTokens {
  positions: TokenPosition[];
  /** Whether a token is modulated as at t = 1; the others are at the step's t. */
  clean: boolean[];
}

/** What an edit's sequence is made of. */
export interface OmniShape {
  /** Tokens of each caption part: one part more than there are reference images, and one behind the made image. */
  partLengths: readonly number[];
  /** In tokens. */
  target: Grid;
  /** The reference images: in tokens of their latents, and in the vision encoder's patches. */
  references: readonly { image: Grid; vision: Grid }[];
  /** Latent rows and columns per token. */
  patchSize: number;
}

export interface OmniLayout {
  /** All parts' tokens, then all their pads. */
  caption: OmniTokens;
  /** The made image, then its pads. */
  target: OmniTokens;
  /** Each reference image with its pads behind it. */
  references: OmniTokens[];
  /** All images' patches, then all their pads, the made image's place included. */
  vision: OmniTokens;
}

/** The made image has no vision features; pads of this number stand in. */
const standInLength = 32;

const origin: TokenPosition = [0, 0, 0];

/**
 * Positions and noise levels of the omni mode. Attention does not see the order of tokens, so here pads stand behind the
 * tokens and the made image before the references; each keeps the position that diffusers gives it. The pads of captions are
 * counted twice there, so that from the second part on positions lag behind their tokens: weights are trained with that.
 * Source: diffusers transformers/transformer_z_image.py, patchify_and_embed_omni.
 */
export function omniLayout({ partLengths, target, references, patchSize }: OmniShape): OmniLayout {
  const ends = partEnds(partLengths);
  const endOf = (image: number): number => ends[image] ?? 0;
  const { rows, columns } = target;
  return {
    caption: captionTokens(partLengths, references.length),
    target: padded(
      gridPositions(target, ([row, column]) => [endOf(references.length), row, column]),
      rows * columns,
      false,
    ),
    references: references.map(({ image }, i) =>
      padded(
        gridPositions(image, ([row, column]) => [endOf(i), row, column]),
        image.rows * image.columns,
        true,
      ),
    ),
    vision: visionTokens(references, endOf, patchSize),
  };
}

/** The first place behind each part; an image and its vision features take the two places between two parts. */
function partEnds(partLengths: readonly number[]): number[] {
  let place = 1;
  return partLengths.map((length) => {
    const end = place + length;
    place = end + 2;
    return end;
  });
}

function captionTokens(partLengths: readonly number[], referenceCount: number): OmniTokens {
  const ends = partEnds(partLengths);
  const rows = partLengths.flatMap((length, part) =>
    Array.from({ length: paddedLength(length) }, (_, i) => ({ pad: i >= length, clean: part < referenceCount })),
  );
  const positions = partLengths.flatMap((length, part): TokenPosition[] => {
    const start = (ends[part] ?? 0) - length;
    const run = Array.from({ length: paddedLength(length) }, (_, i): TokenPosition => [start + i, 0, 0]);
    return [...run, ...Array.from({ length: paddedLength(length) - length }, () => origin)];
  });
  const placed = rows.map((row, i) => ({ ...row, position: positions[i] ?? origin }));
  const ordered = [...placed.filter(({ pad }) => !pad), ...placed.filter(({ pad }) => pad)];
  return { positions: ordered.map(({ position }) => position), clean: ordered.map(({ clean }) => clean) };
}

/** Patches are spread over their image's latent rows and columns, rounded down after float32 arithmetic. */
function visionTokens(
  references: OmniShape['references'],
  endOf: (image: number) => number,
  patchSize: number,
): OmniTokens {
  if (references.length === 0) return { positions: [], clean: [] };
  const spread = (place: number, places: number, tokens: number): number =>
    Math.trunc(Math.fround(Math.fround(place / Math.max(places - 1, 1)) * (tokens * patchSize - 1)));
  const positions = references.flatMap(({ image, vision }, i) =>
    gridPositions(vision, ([row, column]) => [
      endOf(i) + 1,
      spread(row, vision.rows, image.rows),
      spread(column, vision.columns, image.columns),
    ]),
  );
  const pads = references.reduce((sum, { vision: { rows, columns } }) => sum + padsOf(rows * columns), 0);
  return {
    positions: [...positions, ...Array.from({ length: pads + standInLength }, () => origin)],
    clean: Array.from({ length: positions.length + pads + standInLength }, (_, i) => i < positions.length + pads),
  };
}

function gridPositions(
  { rows, columns }: Grid,
  positionOf: (place: readonly [row: number, column: number]) => TokenPosition,
): TokenPosition[] {
  return Array.from({ length: rows * columns }, (_, i) => positionOf([Math.floor(i / columns), i % columns]));
}

function padded(positions: TokenPosition[], length: number, clean: boolean): OmniTokens {
  const all = [...positions, ...Array.from({ length: padsOf(length) }, () => origin)];
  return { positions: all, clean: all.map(() => clean) };
}

const padsOf = (length: number): number => paddedLength(length) - length;
