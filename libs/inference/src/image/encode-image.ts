import sharp from 'sharp';
import type { RgbImage } from './pixels.js';
import { withPngText } from './png-text.js';

export type ImageFormat = 'png' | 'jpeg' | 'webp';

export interface EncodeOptions {
  format: ImageFormat;
  /** 1–100, JPEG and WebP only. */
  quality?: number;
  /** Pixels; a larger image is scaled down to it. */
  maxSide?: number;
  /** Carried inside the file: PNG text chunks by key, or one EXIF ImageDescription holding them as JSON. A string goes under `parameters`. */
  parameters?: Readonly<Record<string, string>> | string;
}

const defaultQuality = 90;
/** Measured on the reference images: filtered level 4 takes level 6's time and a quarter to a third fewer bytes than unfiltered. */
const pngOptions = { compressionLevel: 4, adaptiveFiltering: true };

/** The image as a file of the given format. */
export async function encodeImage(image: RgbImage, options: EncodeOptions): Promise<Uint8Array> {
  const { format, quality = defaultQuality, maxSide = Infinity, parameters } = options;
  const texts = typeof parameters === 'string' ? { parameters } : parameters;
  const { width, height } = image;
  const whole = sharp(image.pixels, { raw: { width, height, channels: 3 } });
  const raw =
    maxSide < Math.max(width, height) ? whole.resize({ width: maxSide, height: maxSide, fit: 'inside' }) : whole;
  if (format === 'png') {
    const png = await raw.png(pngOptions).toBuffer();
    return texts ? withPngText(png, texts) : png;
  }
  const described = texts ? raw.withExif({ IFD0: { ImageDescription: asciiJson(texts) } }) : raw;
  return (format === 'jpeg' ? described.jpeg({ quality }) : described.webp({ quality })).toBuffer();
}

/** JSON in ASCII: EXIF text fields have no encoding of their own. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
