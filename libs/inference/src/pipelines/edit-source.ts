import { decodeImage, InputImageError } from '../image/decode-image.js';
import type { RgbImage } from '../image/pixels.js';
import { lanczos, resample } from '../image/resample.js';
import type { EncodedInput } from './image-source.js';

/** Reference images as an edit looks at them: decoded, none larger than what is made where that is bounded. */
export interface EditSource {
  kind: 'edit';
  images: readonly RgbImage[];
}

export interface ImageSize {
  width: number;
  height: number;
}

/** Bounds of diffusers' Flux2ImageProcessor.check_image_input. */
const minSide = 64;
const maxAspectRatio = 8;
/** Pixels from which on a reference is made smaller. */
const maxArea = 1024 * 1024;

/**
 * Reads the reference images of an edit. One of more than 1024² pixels is resized to the area of the image to make, or to
 * 1024² if its size is not given; the others stay as they are.
 * Source: diffusers ZImageOmniPipeline.__call__, step 3.
 * @param multiple pixels per token; what is left over at the edges is cut off later
 * @throws InputImageError naming the image, as `images[0]`
 */
export async function readEditSource(
  files: readonly EncodedInput[],
  size: ImageSize | null,
  multiple: number,
): Promise<EditSource> {
  const images: RgbImage[] = [];
  for (const [i, file] of files.entries()) {
    const name = `images[${i}]`;
    const image = await decodeImage(file, name);
    checkProportions(image, name);
    const bounded = withinArea(image, size ? size.width * size.height : maxArea);
    if (Math.min(bounded.width, bounded.height) < multiple) {
      throw new InputImageError(name, `has a side below ${multiple} px when resized to the area of the image to make`);
    }
    images.push(bounded);
  }
  return { kind: 'edit', images };
}

/** The largest size in whole tokens that an image holds. */
export function wholeTokens({ width, height }: ImageSize, multiple: number): ImageSize {
  return { width: width - (width % multiple), height: height - (height % multiple) };
}

/** The middle of an image, in whole tokens; an odd pixel more is cut off on the right and below. */
export function centerCrop(image: RgbImage, multiple: number): RgbImage {
  const { width, height } = wholeTokens(image, multiple);
  const left = Math.floor((image.width - width) / 2);
  const top = Math.floor((image.height - height) / 2);
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * image.width + left) * 3;
    pixels.set(image.pixels.subarray(from, from + width * 3), row * width * 3);
  }
  return { width, height, pixels };
}

function checkProportions({ width, height }: ImageSize, name: string): void {
  if (Math.min(width, height) < minSide) {
    throw new InputImageError(name, `is ${width} × ${height} px, each side must have at least ${minSide}`);
  }
  if (Math.max(width / height, height / width) > maxAspectRatio) {
    throw new InputImageError(name, `is ${width} × ${height} px, more than ${maxAspectRatio} times as long as wide`);
  }
}

function withinArea(image: RgbImage, area: number): RgbImage {
  const { width, height } = image;
  if (width * height <= maxArea) return image;
  const scale = Math.sqrt(area / (width * height));
  return resample(image, Math.max(1, Math.trunc(width * scale)), Math.max(1, Math.trunc(height * scale)), lanczos);
}
