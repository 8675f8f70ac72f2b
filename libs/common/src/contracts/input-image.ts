import { z } from 'zod';

export type InputImageType = 'png' | 'jpeg' | 'webp';

/** What one input image may measure. `bytes` is the file as it is sent, `pixels` what it decodes to. */
export const inputImageLimits = { bytes: 10_000_000, pixels: 16_777_216, side: 16_384 } as const;

/** `upl_<ULID>`: what `POST /v1/uploads` answers. */
export const uploadIdPattern = /^upl_[0-9A-HJKMNP-TV-Z]{26}$/;

/**
 * An input image as a request names it: a URL to fetch it from, a data URL that holds it, or an upload's id. What the data
 * URL says of its type is not believed: the bytes tell.
 */
export const InputImage = z
  .string()
  .refine(
    (text) => isHttpUrl(text) || /^data:[\w.+/-]*;base64,/.test(text) || uploadIdPattern.test(text),
    'must be an https URL, a base64 data URL, or the id of an upload',
  )
  .meta({
    description: 'PNG, JPEG or WebP: an https URL, a base64 data URL, or an upload id (`upl_…`)',
    examples: ['https://example.com/cat.png', 'data:image/png;base64,iVBORw0KGgo…', 'upl_01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  });

const isHttpUrl = (text: string): boolean => /^https?:\/\//.test(text) && text.length <= 2048 && URL.canParse(text);

/** An input image as stored for the worker: re-encoded as PNG, under a key that follows from tenant and hash. */
export const StoredInput = z.strictObject({
  sha256: z.string(),
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
});
export type StoredInput = z.infer<typeof StoredInput>;
