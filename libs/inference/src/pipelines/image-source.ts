/** An input image as a file: PNG, JPEG or WebP. */
export type EncodedInput = Uint8Array;

/**
 * What an image is made from beside the prompt.
 * - `image-to-image`: the image, noised to the start that `strength` (0–1] leaves
 * - `inpaint`: as before, and only where the mask is white
 * - `edit`: 1–4 reference images for a checkpoint with a vision encoder
 */
export type ImageSource =
  | { kind: 'image-to-image'; image: EncodedInput; strength: number }
  | { kind: 'inpaint'; image: EncodedInput; mask: EncodedInput; strength: number }
  | { kind: 'edit'; images: EncodedInput[] };
