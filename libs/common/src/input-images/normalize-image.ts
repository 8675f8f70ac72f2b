import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { inputImageLimits, type StoredInput } from '../contracts/input-image.js';
import { imageTypeOf } from './image-type.js';
import { ImageInvalid, ImageTooLarge, ImageTypeUnsupported, InputRefused } from './input-errors.js';

/**
 * How an input is read:
 * - `image`: its colours; what is transparent shows white
 * - `mask`: its brightness
 * - `alpha-mask`: white where the file is transparent (OpenAI's masks)
 */
export type InputRole = 'image' | 'mask' | 'alpha-mask';

export interface NormalizedImage extends StoredInput {
  /** A PNG of 8 bits: RGB, or grey for masks. */
  png: Uint8Array;
}

/** Decoded images at once in a process: 2 × 16 megapixels × 4 bytes, and as much again for their encoding. */
const decoding = pLimit(2);
const decodeOptions = { limitInputPixels: inputImageLimits.pixels, failOn: 'warning', sequentialRead: true } as const;

/**
 * Decodes an image that somebody sent and writes it anew, turned as its EXIF orientation says, in sRGB, with nothing else
 * of the file: no metadata, no profiles, no bytes after its end. Size, pixels and frames are checked before it is decoded.
 * Throws {@link ImageTypeUnsupported}, {@link ImageInvalid} or {@link ImageTooLarge}.
 */
export async function normalizeImage(bytes: Uint8Array, role: InputRole): Promise<NormalizedImage> {
  const { bytes: maxBytes } = inputImageLimits;
  if (bytes.byteLength > maxBytes) throw new ImageTooLarge(`has more than ${maxBytes} bytes`);
  const type = imageTypeOf(bytes);
  if (type === null) throw new ImageTypeUnsupported('is neither PNG nor JPEG nor WebP');
  return decoding(async () => {
    try {
      // Reads the header alone, so that too many pixels can be told from damage.
      const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
      checkHeader(bytes, type, metadata);
      const { data, info } = await read(sharp(bytes, decodeOptions), metadata, role)
        .png({ compressionLevel: 3 })
        .toBuffer({ resolveWithObject: true });
      const sha256 = createHash('sha256').update(data).digest('hex');
      return { png: data, sha256, width: info.width, height: info.height, bytes: data.byteLength };
    } catch (cause) {
      if (cause instanceof InputRefused) throw cause;
      throw new ImageInvalid(`is no readable ${type} file`, { cause });
    }
  });
}

function checkHeader(bytes: Uint8Array, type: string, { format, width, height, pages = 1 }: Metadata): void {
  const { pixels, side } = inputImageLimits;
  if (format !== type) throw new ImageInvalid(`is no readable ${type} file`);
  if (pages > 1 || (type === 'png' && isAnimatedPng(bytes))) throw new ImageInvalid('is animated');
  if (width * height > pixels) throw new ImageTooLarge(`has more than ${pixels} pixels`);
  if (Math.max(width, height) > side) throw new ImageTooLarge(`has a side above ${side} px`);
}

/** An animated PNG has an acTL chunk before its first IDAT; decoders see its first picture alone. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const control = file.indexOf('acTL');
  return control !== -1 && control < file.indexOf('IDAT');
}

function read(image: Sharp, { hasAlpha }: Metadata, role: InputRole): Sharp {
  const upright = image.autoOrient();
  if (role === 'image') return upright.flatten({ background: 'white' }).toColourspace('srgb');
  if (role === 'mask') return upright.flatten({ background: 'black' }).toColourspace('b-w');
  if (!hasAlpha) throw new ImageInvalid('has no transparent part, which would say what to edit');
  return upright.extractChannel('alpha').negate().toColourspace('b-w');
}
