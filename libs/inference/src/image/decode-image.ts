import sharp from 'sharp';
import { InferenceError } from '../errors.js';
import type { RgbImage } from './pixels.js';

/** An input image that cannot be read; the message names it. */
export class InputImageError extends InferenceError {
  readonly code = 'input_image_invalid';
  readonly retryable = false;

  constructor(image: string, problem: string, options?: ErrorOptions) {
    super(`${image}: ${problem}`, options);
  }
}

const formats = ['png', 'jpeg', 'webp'] as const;
/** A decoded image takes three bytes a pixel. */
const maxPixels = 100_000_000;

/**
 * A PNG, JPEG or WebP file as RGB pixels, as diffusers' `load_image` reads it: turned by its EXIF orientation, alpha and
 * colour profile ignored, the first frame of several. 16-bit channels keep their high byte, grey ones too, where Pillow cuts
 * them off at 255.
 * @param name what the error calls the image: `image`, `mask`, `images[1]`
 * @throws InputImageError
 */
export async function decodeImage(file: Uint8Array, name: string): Promise<RgbImage> {
  try {
    const image = sharp(file, { limitInputPixels: maxPixels, ignoreIcc: true });
    const { format } = await image.metadata();
    if (!formats.some((known) => known === format)) {
      throw new InputImageError(name, `is ${format}, not PNG, JPEG or WebP`);
    }
    const { data, info } = await image
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: data };
  } catch (cause) {
    if (cause instanceof InputImageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputImageError(name, `cannot be decoded: ${reason}`, { cause });
  }
}
