import type { EditBody, GenerationBody } from '@app/common/contracts/generation.js';
import type { RequestKind } from '@app/common/contracts/model-catalog.js';
import type { InputRole } from '@app/common/input-images/normalize-image.js';

/**
 * What a client asks for: a parsed body, and which kind of job it makes. `mask`: how the mask says what is made anew.
 * `previews`: at most so many of each image, spread over its steps, in place of the body's `preview_every`.
 */
export type Ask = { previews?: number } & (
  { kind: 'generation'; body: GenerationBody; mask?: 'mask' | 'alpha-mask' } | { kind: 'edit'; body: EditBody }
);

/** An input image of a body: its field, as errors name it, and where it comes from. */
export interface InputSource {
  field: string;
  text: string;
  role: InputRole;
}

export function sourcesOf(ask: Ask): InputSource[] {
  if (ask.kind === 'edit') return ask.body.images.map((text, i) => ({ field: `images[${i}]`, text, role: 'image' }));
  const { image, mask } = ask.body;
  return [
    ...(image === undefined ? [] : [{ field: 'image', text: image, role: 'image' as const }]),
    ...(mask === undefined ? [] : [{ field: 'mask', text: mask, role: ask.mask ?? 'mask' }]),
  ];
}

/** What the model must be able to do. */
export function requestKindOf(ask: Ask): RequestKind {
  if (ask.kind === 'edit') return 'edit';
  if (ask.body.mask !== undefined) return 'inpaint';
  return ask.body.image === undefined ? 'text-to-image' : 'image-to-image';
}
